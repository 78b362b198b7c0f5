"""The numpy executor: scalar programs found to be array operations, and run on blocks of samples."""
