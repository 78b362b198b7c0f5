"""Programs as machine code, by LLVM: the executors of the extra `native`."""
