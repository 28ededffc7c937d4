"""Looking into a problem from afar (R103-R114): the script that reads the logs, what is seen in them, what it may mean. Pure."""
