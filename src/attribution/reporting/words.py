"""All prose of the report. Other modules choose a sentence and fill in its numbers."""

CANNOT_TELL = "We cannot tell yet"
NONE_PAYS = "None"
YES, NO = "Yes", "No"
SEE_BELOW = "See below"

TITLE = "What the posts are worth: {run}"
OTHER_OUTCOME_TITLE = "What goes with {outcome}: {run}"
CAVEAT = (
    "All numbers are associations under the stated attribution rule: a creator whose posts come "
    "with orders need not have caused them, which only an experiment could show."
)
OTHER_OUTCOME_CAVEAT = (
    "All numbers are associations: what goes with {outcome} need not be its cause, which only an "
    "experiment could show."
)
BANNER = (
    "Health checks failed ({checks}). The numbers may be wrong, whatever their "
    "intervals say. Do not decide anything by this report."
)

CALIBRATED = (
    "How many orders would not have come without the posts was measured by {tests}, and is taken "
    "for all posts alike. Through which tier, creator or signal they came remains an association "
    "under the stated attribution rule."
)

APPROXIMATE = (
    "The numbers of {runs} are a quick look. Sample the model (--method nuts) before money "
    "depends on them."
)

# Questions of the headline.
ASK_LIKES = "If people like a post, will they buy?"
ASK_COMMENTS = "Are commenters more likely to buy than likers?"
ASK_GROUPS = "Which {group} pays?"
ASK_ROI = "Did it pay, and will it again?"
NOT_ASKED = "Not asked"
NO_SIGNAL = "This model does not say what {signal} are worth."
NO_COMPARISON = "This model does not compare comments with likes."

# Daily sales.
HALO_TITLE = "What posts add to daily {outcome}"
HALO = (
    "A baseline that changes slowly and by weekday, and what posts bring on their day and on those "
    "after. Anything else that moves sales when posts go online is counted as theirs, and a slow "
    "effect is hard to tell from a trend."
)

# Any other outcome.
ASK_OUTCOME = "What goes with {outcome}?"
NO_ESTIMATES = "This model gives no estimates in plain words; the parameters below are all it says."
ESTIMATED = "{median} {unit} ({prob} interval {span}{weights})"
STATED = "; {statement}: {posterior}{prior}"
BEFORE = " (before the data {prior})"
ASK_BELIEF = "Can the numbers be trusted?"
BELIEVED = "The model passed all {count} checks of its health gate."
WARNED = "The model passed its health gate, with warnings: {names}."
FAILED = "The model failed its health gate: {names}."

# Likes (a rates model).
LIKES_YES = (
    "Likes go with about {rate} orders per 1,000 likes ({prob} interval {span}), over all likes of "
    "these creators' posts. Together they bring about {share} of the orders."
)
LIKES_NO = "Next to none of the orders go with likes: {odds}."
LIKES_UNSURE = (
    "Likes may bring {span} orders per 1,000 likes, or next to none: {odds}. More posts whose "
    "likes and comments differ would tell."
)
SHARE_ODDS = (
    "the probability that they bring more than {floor} of the orders is {posterior} "
    "(before the data {prior})"
)

# Likes and comments (a regression).
ELASTICITY = (
    "1 % more {signal} go with {size} % {direction} orders ({prob} interval of the change "
    "{span} %); the probability that more {signal} go with more orders is {posterior} "
    "(before the data {prior})."
)
MORE = (
    "{amount} more {signal} on a post go with {median} {direction} orders ({prob} interval {span})."
)
BY_GROUP = "By {group}, orders with 1 % more {signal}: {each}."
ONE = "{size} % {direction} for {name}"
ONE_UNSURE = "{size} % {direction} for {name} (we cannot tell yet)"
COMMENT_LESS_LIKE = (
    "One more comment goes with {comment} orders of its post, one more like with {like}; the "
    "probability that it is more for the comment is {posterior} (before the data {prior})."
)

# Comments against likes.
COMMENTS_SURE = (
    "One comment goes with as many orders as {median} likes ({prob} interval {span}); the "
    "probability that a comment is worth more than a like is {posterior} (before the data {prior})."
)
COMMENTS_UNSURE = (
    "The data do not separate likes and comments from nothing, or from one another: one comment "
    "may be worth {span} likes; the probability of more than one is {posterior} "
    "(before the data {prior})."
)

# Groups.
BEST_SURE = (
    "{name} brings the most orders {rate}: the probability is {posterior} "
    "for a new creator of the {group} ({prior} before the data)."
)
BEST_UNSURE = (
    "No {group} surely brings the most orders {rate}; for a new creator of the {group}, {name} "
    "leads with a probability of {posterior} ({prior} before the data)."
)
BEST_ALONE = "All posts are of one {group}, so there is nothing to compare."
GROUP_ROI = "By the return on their cost: {verdicts}."
GROUP_VERDICT = "{verdict} {name} (P(ROI > 0) {odds})"

# Orders beyond recorded ones.
ASK_RECORDED = "How many orders do codes and links miss or claim wrongly?"
RECORDED = (
    "For each recorded order there were {median} {basis} ({prob} interval {span}); with the prior "
    "of that counted half {half}, twice {twice}. {rests}"
)
RECORDED_SHORT = "{median} for each recorded one"
FROM_PRIOR = (
    "This is the prior's answer: recorded orders do not tell it. A survey of buyers or a lift test "
    "would."
)
FROM_SURVEY = "It rests on the prior and a survey of {buyers} buyers."
LEAKS_FROM_PRIOR = (
    "No survey tells how many recorded orders the posts did not bring: that is the prior's answer, "
    "and a lift test would tell."
)
FROM_TESTS = "It rests on the prior and on {tests}."

# A claim about engagement rates.
ASK_CLAIM = "Do smaller creators get {ratio} times the engagement?"
CLAIM = "{what}: {said}."
OF_SOME = "Of some tiers"

# Money.
ROI_REALISED = "The posts cost {cost}. Counted by the orders credited to them, they returned {roi}."
ROI_EXPECTED = (
    "The same posts again are expected to return {median} ({prob} interval {span}); the "
    "probability of a profit is {odds}."
)
ROI_BASIS = (
    "Expected returns count {basis}: {median} for each recorded one. The probability of a profit "
    "is {half} with the prior of that counted half and {twice} with it counted twice; the posts "
    "pay from {pays} for each recorded one."
)
ROI_SIGN = "Returns are profit per unit of cost, at a margin of {margin} of net revenue."
VERDICTS = (
    "Of {creators} with a known cost: rebook {rebook}, test again {again}, pause {pause}. Rebook "
    "means P(ROI > 0) of at least {high}, pause at most {low}."
)

# Sections.
SIGNALS_TITLE = "What reach, likes and comments are worth"
GROUPS_TITLE = "How {group}s differ"
FUNNEL_TITLE = "By which ways tiers differ"
LEVELS_TITLE = "How levels of {group} differ"
CREATORS = (
    "What a creator's posts bring against the same posts by an average creator. The fewer orders a "
    "record holds, the more of what sets it apart is luck, and the further it is drawn towards the "
    "average. A prone audience, a product that fits it and better posts cannot be told apart."
)
LUCK = "How much of the differences is luck"
ALL_CREATORS = "All creators with their odds"
CREATORS_TITLE = "Which audiences buy more"
FAKES_TITLE = "How much engagement is fake"
CAPTURE_TITLE = "What codes and links miss, and claim wrongly"
CONTRIBUTIONS_TITLE = "Where the observed orders came from"
ROI_TITLE = "Return on investment"
COMPARISON_TITLE = "Which model to believe"
HEALTH_TITLE = "Can the numbers be trusted?"
MODEL_TITLE = "What the model assumes"
DATA_TITLE = "How the data were joined, and what was set aside"
BROUGHT_TITLE = "The table, and what was left out"
MADE_TITLE = "How this report was made"
OTHER_TITLE = "The same data under the model {name}"

ESTIMATES_TITLE = "What goes with {outcome}"
PARAMETERS_TITLE = "The model's parameters"
PARAMETERS = (
    "Every parameter on the scale that the model states it on; levels of large groups are left "
    "out, `attribution parameters --all` tells them."
)
EQUATIONS = "Equations and priors"

SIGNALS = (
    "Every number is an average at the values that were observed, and the table names its weights. "
    "“These creators” is about the creators in the data; “a new creator of the tier” is about one "
    "nobody has seen yet, and so less sure."
)
FUNNEL = (
    "Engagement rates are averages over posts, by people reached and by followers, as published "
    "ones are by either. A tier's total effect is its direct effect times those through its "
    "engagement and its reach, were nothing left out that moves engagement and orders both."
)
FAKES = (
    "Fake likes and comments bring no orders. Which creators have them is read from scores of "
    "their audiences and, far less, from orders: an audience that is slow to buy through likes and "
    "comments looks like a fake one. Nothing here proves fraud."
)
CAPTURE = (
    "Recorded orders do not say how many others posts brought: that comes from the priors, a "
    "survey of buyers or lift tests. With the priors counted half and twice the answer should stay "
    "much the same; where it does not, it rests on them."
)
CONTRIBUTIONS = (
    "The observed orders are split into those that came with reach alone, with likes and with "
    "comments. In every draw of the posterior the parts add up to what was observed."
)
ROI = (
    "Realised ROI is what the credited orders returned: a fact of the credit rule. Expected ROI is "
    "what the same posts would bring again; it shrinks the lucky and the unlucky towards their "
    "like, and carries the odds, the break-even fee and the verdict. ROI = (margin × net revenue "
    "− costs) / costs, here with a margin of {margin}."
)
COMPARISON = (
    "Models are compared by how well they predict a {noun} they have not seen (PSIS leave-one-out; "
    "elpd is the sum of log predictive densities, higher is better). A comparison says which model "
    "predicts better, not which one is true."
)
HEALTH = "Each check says what it means for the reader, and what to do when it does not pass."
NO_PROVENANCE = (
    "The table was brought as it is, one row per post; how orders were credited to its posts is "
    "not known here."
)
BROUGHT = "The table was brought as it is."
NOTHING_SET_ASIDE = "No {noun} was left out of the fit."
REJECTED = (
    "{count} of the table broke a rule and could not be read into the fit; "
    "`attribution validate` lists what was wrong."
)
SET_ASIDE = "{count} left out of the fit, each with its reason."
NOTHING_ABSENT = "The table had all that the model asks for."
INTERVALS = "Intervals: {name}."
STATISTICIAN = "For the statistician: ranks and traces of the chains"
ALL_ESTIMATES = "All estimates, {count}"
MISSING = "{what}: not shown. {reason}."
