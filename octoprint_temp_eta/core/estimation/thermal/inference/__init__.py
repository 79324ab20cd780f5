"""From readings to parameters: the prior, the fit, and the posterior of the current episode."""
