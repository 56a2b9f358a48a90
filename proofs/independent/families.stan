// Families that rstanarm lacks, written from their formulas alone: 1 zero-inflated Poisson,
// 2 zero-inflated negative binomial, 3 hurdle Poisson, 4 hurdle negative binomial, 5 beta-binomial,
// 6 Student t. Columns of x and z are centred; levels, where there are any, are drawn around 0.
data {
  int<lower=1> n;
  int<lower=1, upper=6> family;
  int<lower=0> k;
  matrix[n, k] x;
  int int_y[n];
  vector[n] real_y;
  int trials[n];
  vector[n] log_exposure;
  int<lower=0, upper=1> grouped;
  int<lower=1> levels;
  int<lower=1, upper=levels> level[n];
  int<lower=0> kz;
  matrix[n, kz] z;
  real intercept_prior[2];
  real slope_prior[2];
  real<lower=0> sd_rate;
  real own_rate; // of the first own parameter; nu of Student t has a prior of its own
}
transformed data {
  int has_zero = family <= 4;
  int owns = family == 6 ? 2 : (family == 2 || family == 4 || family == 5);
}
parameters {
  real intercept;
  vector[k] slope;
  real<lower=0> sd_level[grouped];
  vector[grouped ? levels : 0] raw;
  real<lower=0> own[owns];
  real zero_raw[has_zero]; // on the logit
  vector[kz] zero_slope;
}
transformed parameters {
  vector[grouped ? levels : 0] effect;
  real zero[has_zero];
  if (grouped) effect = sd_level[1] * raw;
  // Without a predictor the probability itself; with one its logit at the average.
  if (has_zero) zero[1] = kz > 0 ? zero_raw[1] : inv_logit(zero_raw[1]);
}
model {
  vector[n] eta = intercept + log_exposure;
  if (k > 0) eta += x * slope;
  if (grouped) for (i in 1:n) eta[i] += effect[level[i]];
  target += normal_lpdf(intercept | intercept_prior[1], intercept_prior[2]);
  target += normal_lpdf(slope | slope_prior[1], slope_prior[2]);
  if (grouped) {
    target += exponential_lpdf(sd_level[1] | sd_rate);
    target += normal_lpdf(raw | 0, 1);
  }
  if (owns > 0) target += exponential_lpdf(own[1] | own_rate);
  if (owns > 1) target += gamma_lpdf(own[2] | 2, 0.1);
  if (has_zero) {
    // A logistic prior of the logit is a uniform one of the probability.
    target += logistic_lpdf(zero_raw[1] | 0, 1);
    target += normal_lpdf(zero_slope | 0, 1);
  }
  for (i in 1:n) {
    if (family == 5) {
      real mu = inv_logit(eta[i]);
      target += beta_binomial_lpmf(int_y[i] | trials[i], mu * own[1], (1 - mu) * own[1]);
    } else if (family == 6) {
      target += student_t_lpdf(real_y[i] | own[2], eta[i], own[1]);
    } else {
      real logit_zero = zero_raw[1];
      int spread = family == 2 || family == 4;
      real at_y = spread ? neg_binomial_2_log_lpmf(int_y[i] | eta[i], own[1])
                         : poisson_log_lpmf(int_y[i] | eta[i]);
      real at_0 = spread ? neg_binomial_2_log_lpmf(0 | eta[i], own[1])
                         : poisson_log_lpmf(0 | eta[i]);
      if (kz > 0) logit_zero += z[i] * zero_slope;
      if (family <= 2) {
        if (int_y[i] == 0) target += log_sum_exp(log_inv_logit(logit_zero), log1m_inv_logit(logit_zero) + at_0);
        else target += log1m_inv_logit(logit_zero) + at_y;
      } else {
        if (int_y[i] == 0) target += log_inv_logit(logit_zero);
        else target += log1m_inv_logit(logit_zero) + at_y - log1m_exp(at_0);
      }
    }
  }
}
