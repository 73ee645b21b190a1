"""`make bench`: every benchmark, one after the other."""

from bench import drain, webhook

if __name__ == "__main__":
    for bench in (webhook, drain):
        bench.main()
