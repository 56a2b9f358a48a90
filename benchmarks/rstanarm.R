# Rscript rstanarm.R POSTS DRAWS CHAINS TUNE KEPT SEED: fits the regression, writes draws as CSV,
# chain by chain, and prints seconds of sampling and the number of divergent draws.
suppressMessages(library(rstanarm))
given <- commandArgs(trailingOnly = TRUE)
number <- as.integer(given[3:6])
cores <- parallel::detectCores()
posts <- read.csv(given[1])
fit <- stan_glmer.nb(
  conversions ~ 1 + volume + conversation + (1 | tier) + (1 | creator_id),
  data = posts, offset = exposure,
  prior_intercept = normal(-7.5, 2, autoscale = FALSE),
  prior = normal(0, 0.5, autoscale = FALSE),
  prior_aux = exponential(1, autoscale = FALSE),
  # The standard deviation of a group: gamma with this shape and scale, levels in alphabetical order.
  prior_covariance = decov(shape = 1, scale = c(1 / 1.5, 1 / 2)),
  chains = number[1], warmup = number[2], iter = number[2] + number[3], seed = number[4],
  cores = min(cores, number[1]), refresh = 0
)
draws <- as.array(fit)
flat <- do.call(rbind, lapply(seq_len(dim(draws)[2]), function(chain) draws[, chain, ]))
write.csv(flat, given[2], row.names = FALSE)
cat(sum(rstan::get_elapsed_time(fit$stanfit)) / min(cores, number[1]),
    rstan::get_num_divergent(fit$stanfit), "\n")
