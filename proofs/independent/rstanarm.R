# Rscript rstanarm.R table CASE FILE: writes the case's table.
# Rscript rstanarm.R fit CASE FILE CHAINS DRAWS SEED: fits it and writes draws, chain by chain.
# Rscript rstanarm.R has: prints the versions of what is installed; stops where something is not.
#
# Data sets come with R and its packages; none is kept here. Priors are stated as in the specs
# beside this file: autoscale = FALSE keeps rstanarm from rescaling them. `decov` with shape 1 says
# that the standard deviation of one thing that varies is exponential with mean `scale`, times the
# family's own parameter where it has one (normal, negative binomial, gamma).

packages <- c("rstanarm", "rstan", "lme4", "MASS", "mlmRev", "HSAUR3", "pscl")
missing <- packages[!vapply(packages, requireNamespace, logical(1), quietly = TRUE)]
if (length(missing)) {
  cat("missing:", missing, "\n")
  quit(status = 3)
}
suppressMessages(library(rstanarm))
taken <- function(name, package) {
  where <- new.env()
  data(list = name, package = package, envir = where)
  get(name, where)
}
text <- function(column) as.character(column)
bare <- function(mean, sd) normal(mean, sd, autoscale = FALSE)
rate <- function(rate) exponential(rate, autoscale = FALSE)
# For probits rstanarm multiplies the scales all the same, as prior_summary says.
probit <- dnorm(0) / dlogis(0)
groups <- function(scale) decov(regularization = 1, concentration = 1, shape = 1, scale = scale)

# Tables: plain columns only, so that both sides read the same file.
roaches <- function() {
  d <- taken("roaches", "rstanarm")
  data.frame(y = d$y, before = d$roach1 / 100, treated = d$treatment, senior = d$senior,
             days = d$exposure2)
}
epilepsy <- function() {
  d <- taken("epil", "MASS")
  data.frame(y = d$y, base = log(d$base / 4), trt = text(d$trt), period = d$period,
             subject = d$subject, v4 = d$V4)
}
cattle <- function() {
  d <- taken("cbpp", "lme4")
  data.frame(incidence = d$incidence, size = d$size, herd = text(d$herd), period = text(d$period),
             row = seq_len(nrow(d)))
}
sleep <- function() {
  d <- taken("sleepstudy", "lme4")
  data.frame(Reaction = d$Reaction, Days = d$Days, Subject = text(d$Subject))
}
articles <- function() {
  d <- taken("bioChemists", "pscl")
  data.frame(art = d$art, fem = text(d$fem), mar = text(d$mar), kid5 = d$kid5, phd = d$phd,
             ment = d$ment)
}
tables <- list(
  roaches = roaches,
  roaches_spread = roaches,
  roaches_zeros = roaches,
  quine = function() {
    d <- taken("quine", "MASS")
    data.frame(days = d$Days, eth = text(d$Eth), sex = text(d$Sex), age = text(d$Age),
               lrn = text(d$Lrn))
  },
  epilepsy = epilepsy,
  epilepsy_spread = epilepsy,
  ticks = function() {
    d <- taken("grouseticks", "lme4")
    data.frame(ticks = d$TICKS, year = text(d$YEAR), height = (d$HEIGHT - mean(d$HEIGHT)) / 100,
               chick = text(d$INDEX), brood = text(d$BROOD), location = text(d$LOCATION))
  },
  cattle = cattle,
  cattle_beta = cattle,
  menarche = function() {
    d <- taken("menarche", "MASS")
    data.frame(menarche = as.integer(d$Menarche), girls = as.integer(d$Total), age = d$Age)
  },
  wells = function() {
    d <- taken("wells", "rstanarm")
    data.frame(switch = d$switch, dist = d$dist / 100, arsenic = d$arsenic)
  },
  contraception = function() {
    d <- taken("Contraception", "mlmRev")
    data.frame(use = as.integer(d$use == "Y"), age = d$age / 10, age2 = d$age^2 / 100,
               urban = as.integer(d$urban == "Y"), livch = text(d$livch),
               district = text(d$district))
  },
  bacteria = function() {
    d <- taken("bacteria", "MASS")
    data.frame(y = as.integer(d$y == "y"), trt = text(d$trt), late = as.integer(d$week > 2),
               child = text(d$ID))
  },
  respiratory = function() {
    d <- taken("respiratory", "HSAUR3")
    before <- d[d$month == 0, ]
    d <- d[d$month != 0, ]
    data.frame(good = as.integer(d$status == "good"), treatment = text(d$treatment),
               age = d$age / 10, month = as.integer(text(d$month)), subject = text(d$subject),
               before = as.integer(before$status[match(d$subject, before$subject)] == "good"))
  },
  radon = function() {
    d <- taken("radon", "rstanarm")
    data.frame(log_radon = d$log_radon, floor = d$floor, log_uranium = d$log_uranium,
               county = text(d$county))
  },
  sleep = sleep,
  sleep_log = sleep,
  sleep_extremes = sleep,
  penicillin = function() {
    d <- taken("Penicillin", "lme4")
    data.frame(diameter = d$diameter, plate = text(d$plate), culture = text(d$sample))
  },
  pastes = function() {
    d <- taken("Pastes", "lme4")
    data.frame(strength = d$strength, batch = text(d$batch), cask = text(d$cask))
  },
  chicks = function() {
    d <- as.data.frame(taken("ChickWeight", "datasets"))
    data.frame(weight = d$weight, weeks = d$Time / 7, diet = text(d$Diet), chick = text(d$Chick))
  },
  articles_zeros = articles,
  articles_hurdle = articles,
  articles_spread = articles
)

# What rstanarm can state.
fits <- list(
  roaches = function(d, ...) {
    stan_glm(y ~ before + treated + senior, offset = log(days), data = d, family = poisson(),
             prior_intercept = bare(0, 5), prior = bare(0, 2.5), ...)
  },
  roaches_spread = function(d, ...) {
    stan_glm.nb(y ~ before + treated + senior, offset = log(days), data = d,
                prior_intercept = bare(0, 5), prior = bare(0, 2.5), prior_aux = rate(1), ...)
  },
  quine = function(d, ...) {
    stan_glm.nb(days ~ eth + sex + age + lrn, data = d, prior_intercept = bare(2, 2),
                prior = bare(0, 1), prior_aux = rate(0.5), ...)
  },
  epilepsy = function(d, ...) {
    stan_glmer(y ~ base + trt + period + (period | subject), data = d, family = poisson(),
               prior_intercept = bare(1.5, 2), prior = bare(0, 1), prior_covariance = groups(0.5),
               ...)
  },
  epilepsy_spread = function(d, ...) {
    stan_glmer.nb(y ~ base * trt + v4 + (1 | subject), data = d, prior_intercept = bare(1.5, 2),
                  prior = bare(0, 1), prior_aux = rate(0.2), prior_covariance = groups(0.1), ...)
  },
  ticks = function(d, ...) {
    stan_glmer(ticks ~ year + height + (1 | location) + (1 | brood) + (1 | chick), data = d,
               family = poisson(), prior_intercept = bare(0, 3), prior = bare(0, 2),
               prior_covariance = groups(1), ...)
  },
  cattle = function(d, ...) {
    stan_glmer(cbind(incidence, size - incidence) ~ period + (1 | herd) + (1 | row), data = d,
               family = binomial(), prior_intercept = bare(-1, 2), prior = bare(0, 1.5),
               prior_covariance = groups(1), ...)
  },
  menarche = function(d, ...) {
    stan_glm(cbind(menarche, girls - menarche) ~ age, data = d, family = binomial("cloglog"),
             prior_intercept = bare(0, 5), prior = bare(0, 2), ...)
  },
  wells = function(d, ...) {
    stan_glm(switch ~ dist * arsenic, data = d, family = binomial(), prior_intercept = bare(0, 2.5),
             prior = bare(0, 1), ...)
  },
  contraception = function(d, ...) {
    stan_glmer(use ~ age + age2 + urban + livch + (urban | district), data = d,
               family = binomial(), prior_intercept = bare(0, 2), prior = bare(0, 1),
               prior_covariance = groups(0.5), ...)
  },
  bacteria = function(d, ...) {
    stan_glmer(y ~ trt + late + (1 | child), data = d, family = binomial("probit"),
               prior_intercept = bare(0, 2 / probit), prior = bare(0, 1 / probit),
               prior_covariance = groups(1), ...)
  },
  respiratory = function(d, ...) {
    stan_glmer(good ~ treatment + age + month + before + (1 | subject), data = d,
               family = binomial("cloglog"), prior_intercept = bare(0, 2), prior = bare(0, 1),
               prior_covariance = groups(1), ...)
  },
  radon = function(d, ...) {
    stan_glmer(log_radon ~ floor + log_uranium + (1 | county), data = d, family = gaussian(),
               prior_intercept = bare(1, 2), prior = bare(0, 1), prior_aux = rate(1),
               prior_covariance = groups(0.5), ...)
  },
  sleep = function(d, ...) {
    stan_glmer(Reaction ~ Days + (Days | Subject), data = d, family = gaussian(),
               prior_intercept = bare(300, 100), prior = bare(0, 20), prior_aux = rate(0.04),
               prior_covariance = groups(1), ...)
  },
  sleep_log = function(d, ...) {
    d$log_reaction <- log(d$Reaction)
    stan_glmer(log_reaction ~ Days + (1 | Subject) + (0 + Days | Subject), data = d,
               family = gaussian(), prior_intercept = bare(5.7, 1), prior = bare(0, 0.1),
               prior_aux = rate(10), prior_covariance = groups(1), ...)
  },
  penicillin = function(d, ...) {
    stan_glmer(diameter ~ 1 + (1 | plate) + (1 | culture), data = d, family = gaussian(),
               prior_intercept = bare(23, 5), prior_aux = rate(1), prior_covariance = groups(2),
               ...)
  },
  pastes = function(d, ...) {
    stan_glmer(strength ~ 1 + (1 | batch) + (1 | batch:cask), data = d, family = gaussian(),
               prior_intercept = bare(60, 5), prior_aux = rate(1), prior_covariance = groups(2),
               ...)
  },
  chicks = function(d, ...) {
    stan_glmer(weight ~ weeks + diet + (1 | chick) + (0 + weeks | chick), data = d,
               family = Gamma("log"), prior_intercept = bare(4.5, 2), prior = bare(0, 1),
               prior_aux = rate(0.02), prior_covariance = groups(0.01), ...)
  }
)
for (name in names(fits)) fits[[name]] <- local({
  stated <- fits[[name]]
  function(d, chains, draws, seed) {
    fit <- stated(d, chains = chains, iter = 500 + draws, warmup = 500, seed = seed, refresh = 0,
                  cores = min(chains, parallel::detectCores()), adapt_delta = 0.95)
    as.array(fit)
  }
})

# What it cannot: a program in Stan of the families that it lacks, without a prior rescaled.
lacking <- function(model, family, groups = NULL, trials = NULL, zeros = NULL, exposure = NULL,
                    intercept, slope, sd = 1, own = 1) {
  function(d, chains, draws, seed) {
    x <- model.matrix(model, d)[, -1, drop = FALSE]
    z <- if (is.null(zeros)) matrix(0, nrow(d), 0) else model.matrix(zeros, d)[, -1, drop = FALSE]
    y <- d[[as.character(model[[2]])]]
    level <- if (is.null(groups)) factor(rep("", nrow(d))) else factor(d[[groups]])
    given <- list(
      n = nrow(d), family = family, k = ncol(x), x = sweep(x, 2, colMeans(x)), real_y = y,
      int_y = as.array(if (family == 6) rep(0L, nrow(d)) else as.integer(y)),
      trials = if (is.null(trials)) rep(1L, nrow(d)) else d[[trials]],
      log_exposure = if (is.null(exposure)) rep(0, nrow(d)) else log(d[[exposure]]),
      grouped = as.integer(!is.null(groups)), levels = nlevels(level), level = as.integer(level),
      kz = ncol(z), z = sweep(z, 2, colMeans(z)), intercept_prior = intercept, slope_prior = slope,
      sd_rate = sd, own_rate = own
    )
    # Compiled once: beside the draws, not beside the program.
    copy <- file.path(dirname(told[3]), "families.stan")
    file.copy(file.path(here, "families.stan"), copy, overwrite = TRUE, copy.date = TRUE)
    # Debian has Boost as a library of the system, not within R's package of it.
    if (!nzchar(rstan::rstan_options("boost_lib"))) rstan::rstan_options(boost_lib = "/usr/include")
    program <- rstan::stan_model(copy, auto_write = TRUE)
    # Started near 0, where numbers of features of any size are finite.
    fit <- rstan::sampling(program, data = given, chains = chains, iter = 500 + draws, warmup = 500,
                           seed = seed, refresh = 0, cores = min(chains, parallel::detectCores()),
                           init_r = 0.05, control = list(adapt_delta = 0.95))
    draws <- as.array(fit, pars = c("intercept", "slope", "sd_level", "own", "zero", "zero_slope",
                                   "effect"))
    names <- dimnames(draws)[[3]]
    # The constants where all columns are 0, as rstanarm tells them.
    at <- function(pattern) which(grepl(pattern, names))
    moved <- function(slopes, means) apply(draws[, , at(slopes), drop = FALSE], 1:2,
                                           function(slope) sum(slope * means))
    draws[, , "intercept"] <- draws[, , "intercept"] - moved("^slope", colMeans(x))
    if (ncol(z)) {
      draws[, , "zero[1]"] <- draws[, , "zero[1]"] - moved("^zero_slope", colMeans(z))
    }
    names[names == "intercept"] <- "(Intercept)"
    names[at("^slope")] <- colnames(x)
    names[at("^zero_slope")] <- if (ncol(z)) paste0("zero_", colnames(z)) else character()
    names[at("^zero\\[")] <- if (ncol(z)) "zero_(Intercept)" else "zero"
    names[at("^effect")] <- sprintf("b[(Intercept) %s:%s]", groups, levels(level))
    names[at("^sd_level")] <- sprintf("sd[%s]", groups)
    names[at("^own")] <- list("", "reciprocal_dispersion", "", "reciprocal_dispersion",
                              "concentration", c("sigma", "nu"))[[family]]
    dimnames(draws)[[3]] <- names
    draws
  }
}
fits$roaches_zeros <- lacking(y ~ before + treated + senior, 2, exposure = "days",
                              zeros = ~ senior, intercept = c(0, 5), slope = c(0, 2.5), own = 1)
fits$articles_zeros <- lacking(art ~ fem + mar + kid5 + ment, 1, zeros = ~ ment,
                               intercept = c(0, 2), slope = c(0, 1))
fits$articles_hurdle <- lacking(art ~ fem + mar + kid5 + ment, 3, intercept = c(0, 2),
                                slope = c(0, 1))
fits$articles_spread <- lacking(art ~ fem + mar + kid5 + ment, 4, intercept = c(0, 2),
                                slope = c(0, 1), own = 1)
fits$cattle_beta <- lacking(incidence ~ period, 5, groups = "herd", trials = "size",
                            intercept = c(-1, 2), slope = c(0, 1.5), own = 0.1)
fits$sleep_extremes <- lacking(Reaction ~ Days, 6, groups = "Subject", intercept = c(300, 100),
                               slope = c(0, 20), sd = 0.025, own = 0.04)

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
told <- commandArgs(trailingOnly = TRUE)
if (told[1] == "has") {
  cat(sprintf("R %s, rstanarm %s, rstan %s\n", getRversion(), packageVersion("rstanarm"),
              packageVersion("rstan")))
} else if (told[1] == "table") {
  write.csv(tables[[told[2]]](), told[3], row.names = FALSE)
} else {
  number <- as.integer(told[4:6])
  draws <- fits[[told[2]]](tables[[told[2]]](), number[1], number[2], number[3])
  flat <- do.call(rbind, lapply(seq_len(dim(draws)[2]), function(chain) draws[, chain, ]))
  write.csv(flat, told[3], row.names = FALSE)
}
