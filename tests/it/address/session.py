"""A user's PySpark program, outside of the cluster's hosts.

It does what a line on standard input says, and answers with a line: "open" begins a session, "ask" has the cluster add
numbers in it, "close" ends it. Nothing of nomspark is used: the address is all that it knows.

usage: session.py SPARK_URL OWN_ADDRESS JAVA_OPTIONS
"""

import sys

from pyspark.sql import SparkSession

master, own_address, java_options = sys.argv[1:]


def begin():
    session = (
        SparkSession.builder.master(master)
        .appName("outside")
        .config("spark.driver.host", own_address)
        .config("spark.driver.bindAddress", own_address)
        .config("spark.ui.enabled", "false")
        .config("spark.driver.extraJavaOptions", java_options)
        .config("spark.executor.extraJavaOptions", java_options)
        .config("spark.cores.max", "1")
        .config("spark.executor.memory", "512m")
        # Not more than a user would wait for one question.
        .config("spark.network.timeout", "60s")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("WARN")
    return session


session = None
for line in sys.stdin:
    command = line.strip()
    if command == "open":
        session = begin()
        answer = session.sparkContext.applicationId
    elif command == "ask":
        answer = session.range(1, 1001, 1, 2).selectExpr("sum(id)").first()[0]
    elif command == "close":
        session.stop()
        answer = "closed"
    print(f"{command} {answer}", flush=True)
