"""GradBench's evaluations: this engine as a tool that speaks its protocol, and a runner that plays the intermediary."""
