//! Words of the real programs, and what is made of them.

use super::*;

fn what(line: &str) -> String {
    let found = diagnose(&[line]).unwrap_or_else(|| panic!("nothing is known of: {line}"));
    assert!(!found.next.is_empty());
    found.what
}

#[test]
fn every_rule_is_a_pattern() {
    assert_eq!(RULES.len(), TABLE.len());
}

#[test]
fn what_the_programs_say_is_understood() {
    let cases = [
        ("write /alloc/tmp/x: no space left on device", "a disk is full"),
        ("java.io.IOException: No space left on device", "a disk is full"),
        (
            "[PYTHON_VERSION_MISMATCH] Python in worker has different version: 3.9 than that in driver: 3.11, PySpark cannot",
            "the executors run Python 3.9 and the driver runs Python 3.11",
        ),
        (
            "Exception: Python in worker has different version 3.8 than that in driver 3.10, PySpark cannot run",
            "the executors run Python 3.8 and the driver runs Python 3.10",
        ),
        (
            "Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space",
            "a JVM's heap was too small, and not what its task had reserved (Java heap space)",
        ),
        (
            "WARN TaskSchedulerImpl: Initial job has not accepted any resources; check your cluster UI",
            "no worker had the cores and the memory that an executor asks for",
        ),
        ("Caused by: java.lang.ClassNotFoundException: org.example.Main", "the class org.example.Main was not found"),
        ("Error: Failed to load class org.example.Main.", "the class org.example.Main was not found"),
        ("Error: Could not find or load main class Main", "the class Main was not found"),
        ("ModuleNotFoundError: No module named 'numpy'", "Python has no module numpy there"),
        (
            "InvalidInputException: Input path does not exist: file:/data/a.txt",
            "file:/data/a.txt is not where it was looked for",
        ),
        (
            "python3: can't open file '/local/app.py': [Errno 2] No such file or directory",
            "/local/app.py is not where it was looked for",
        ),
        ("Service 'sparkDriver' could not bind on port 7078. Attempting", "sparkDriver found no free port at 7078"),
        ("java.net.UnknownHostException: wacken: Name or service", "the name wacken is not known on that node"),
        ("java.io.IOException: Failed to connect to /10.0.0.5:34567", "nothing answered at 10.0.0.5:34567"),
        ("java.io.IOException: Failed to connect to borie/10.0.0.5:34567", "nothing answered at 10.0.0.5:34567"),
        ("io.netty: Connection refused: /127.0.0.1:7077", "nothing answered at 127.0.0.1:7077"),
        (
            "Lost task 0.3: ExecutorLostFailure (executor 3 exited caused by one of the running tasks) Reason: Command \
             exited with code 137",
            "executor 3 was lost: Command exited with code 137",
        ),
        ("JAVA_HOME is not set", "Java was not found"),
        ("Failed to pull `spark:nosuch`: API error", "the image could not be fetched"),
        (
            "WARN Election: Consul does not answer, this master stands by: java.io.IOException: Consul answered 403: \
             Permission denied",
            "Consul refuses what the master asks",
        ),
        (
            "no Spark master answers; tried: none, Consul tells of no spark-master",
            "Consul tells the worker of no master",
        ),
        (
            "WARN Election: Consul does not answer, this master stands by: java.net.ConnectException",
            "Consul does not answer the master (java.net.ConnectException)",
        ),
        ("its driver could not start it: its image has no program /opt/a", "/opt/a is not in the image"),
        (
            "file /opt/spark/bin/spark-class not found under path /alloc/x",
            "/opt/spark/bin/spark-class is not in the task's chroot",
        ),
        ("binary \"/opt/x/spark-class\" could not be found", "/opt/x/spark-class was not found on that node"),
        ("exec: \"nosuch\": executable file not found in $PATH", "nosuch was not found on that node"),
        ("/bin/bash: line 1: nosuch: command not found", "nosuch was not found on that node"),
        ("ZeroDivisionError: division by zero", "its program raised ZeroDivisionError: division by zero"),
        (
            "pyspark.errors.exceptions.captured.AnalysisException: [TABLE_OR_VIEW_NOT_FOUND] The table",
            "its program raised AnalysisException: [TABLE_OR_VIEW_NOT_FOUND] The table",
        ),
        (
            "Exception in thread \"main\" java.lang.IllegalStateException: boom",
            "its thread main ended with java.lang.IllegalStateException: boom",
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(what(line), expected, "{line}");
    }
}

#[test]
fn the_cause_is_told_rather_than_what_follows_from_it() {
    let log = ["Failed to connect to /10.0.0.5:1", "java.lang.OutOfMemoryError: Java heap space"];
    assert!(diagnose(&log).unwrap().what.starts_with("a JVM's heap"));
}

#[test]
fn what_is_not_known_is_not_guessed() {
    assert_eq!(diagnose(&["all is well", ""]), None);
    assert_eq!(diagnose(&[]), None);
}

#[test]
fn what_is_missing_is_named_with_its_jar() {
    let cases = [
        (
            "Caused by: java.lang.ClassNotFoundException: Class org.apache.hadoop.fs.s3a.S3AFileSystem not found",
            "the class org.apache.hadoop.fs.s3a.S3AFileSystem was not found: Spark's download does not hold the library for \
             s3a://",
        ),
        (
            "java.lang.NoClassDefFoundError: software/amazon/awssdk/core/exception/SdkException",
            "the class software.amazon.awssdk.core.exception.SdkException was not found: Spark's download does not hold the \
             library for s3a://",
        ),
        (
            "Caused by: java.lang.ClassNotFoundException: Class org.apache.hadoop.fs.gs.GoogleHadoopFileSystem not found",
            "Hadoop's connector for gs:// was not found: org.apache.hadoop.fs.gs.GoogleHadoopFileSystem",
        ),
        (
            "UnsupportedFileSystemException: No FileSystem for scheme \"gs\"",
            "Hadoop's connector for gs:// was not found: No FileSystem for scheme \"gs\"",
        ),
        ("No FileSystem for scheme \"s3\"", "Hadoop has no file system for s3://"),
        ("java.io.IOException: No FileSystem for scheme: foo", "Hadoop has no file system for foo://"),
        (
            "java.lang.RuntimeException: java.lang.ClassNotFoundException: Class org.example.Codec not found",
            "the class org.example.Codec was not found",
        ),
        ("java.lang.NoClassDefFoundError: org/example/Main$Inner", "the class org.example.Main$Inner was not found"),
        (
            "java.lang.NoClassDefFoundError: Could not initialize class org.example.Main$",
            "the class org.example.Main$ was found but could not be initialized",
        ),
        (
            "java.lang.NoSuchMethodError: 'void org.example.Main.run(int)'",
            "two libraries do not fit together: void org.example.Main.run(int)",
        ),
        (
            "UnsupportedClassVersionError: org/example/Main has been compiled by a more recent version of the Java Runtime \
             (class file version 65.0), this version of the Java Runtime only recognizes class file versions up to 61.0",
            "the class org.example.Main was compiled for a newer Java (class files of version 65) than the node has (up to \
             61)",
        ),
        (
            "ImportError: cannot import name 'x' from 'numpy' (/usr/lib/numpy.py)",
            "Python failed to import: cannot import name 'x' from 'numpy' (/usr/lib/numpy.py)",
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(what(line), expected, "{line}");
    }
    let next = |line| diagnose(&[line]).unwrap().next;
    let s3a = next("ClassNotFoundException: Class org.apache.hadoop.fs.s3a.S3AFileSystem not found");
    assert!(s3a.contains("hadoop-aws") && s3a.contains("$SPARK_HOME/jars"), "{s3a}");
    assert!(next("No FileSystem for scheme \"gs\"").contains("gcs-connector"));
    assert!(next("No FileSystem for scheme \"s3\"").contains("s3a://"));
}

#[test]
fn of_an_exception_without_words_the_cause_is_told() {
    let log = [
        "Exception in thread \"main\" java.lang.ExceptionInInitializerError",
        "\tat org.example.Main.main(Main.java:5)",
        "Caused by: java.lang.IllegalArgumentException: x",
        "\t... 2 more",
        "Caused by: javax.management.InstanceNotFoundException: java.nio:type=BufferPool",
    ];
    let log = log.map(str::to_owned);
    assert_eq!(
        diagnose_log(&log).unwrap().what,
        "its thread main ended with java.lang.ExceptionInInitializerError, caused by javax.management.InstanceNotFoundException: \
         java.nio:type=BufferPool"
    );
}
