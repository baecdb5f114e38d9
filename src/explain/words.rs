//! What a failure's own words tell: Java, Python, Spark and Nomad say the same things again and again. Pure.

use std::sync::LazyLock;

use regex::Regex;

/// What failed, as far as somebody's words tell, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diagnosis {
    /// A part of a sentence.
    pub(crate) what: String,
    /// The next step.
    pub(crate) next: String,
}

/// Words, what they mean, and the next step; `$1` is what the pattern's first group found.
struct Rule {
    words: Regex,
    what: &'static str,
    next: &'static str,
}

/// The first rule wins: what comes first is the cause of what comes later.
static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let rule = |(words, what, next): &(&str, &'static str, &'static str)| {
        Some(Rule { words: Regex::new(words).ok()?, what, next })
    };
    TABLE.iter().filter_map(rule).collect()
});

const TABLE: &[(&str, &str, &str)] = &[
    (
        r"^the node (\S+) was lost while it ran$",
        "the node $1 was lost",
        "bring that node back, where it may have gone on and can be watched again, or run it again",
    ),
    (
        r"(?i)no space left on device",
        "a disk is full",
        "free space on that node, or give the task's group a larger `ephemeral_disk`",
    ),
    (
        r"Python in worker has different version:? \(?'?(\d+)[., ]+'?(\d+)\D.*driver:? \(?'?(\d+)[., ]+'?(\d+)",
        "the executors run Python $1.$2 and the driver runs Python $3.$4",
        "set PYSPARK_PYTHON to the same Python on all nodes",
    ),
    (
        r"java\.lang\.OutOfMemoryError: (.+)",
        "a JVM's heap was too small, and not what its task had reserved ($1)",
        "more spark.driver.memory if the driver says so, more spark.executor.memory if an executor does",
    ),
    (
        r"Initial job has not accepted any resources",
        "no worker had the cores and the memory that an executor asks for",
        "`nomspark status` shows what the workers have; ask for less by spark.executor.memory and spark.executor.cores, or \
         deploy more workers",
    ),
    (
        r"UnsupportedClassVersionError: ([\w./$]+) has been compiled .*\(class file version (\d+)[.\d]*\).* up to (\d+)",
        "the class $1 was compiled for a newer Java (class files of version $2) than the node has (up to $3)",
        "compile it for the nodes' Java, or install a newer one there; Java 17 has version 61, Java 21 has 65",
    ),
    (
        r"UnsupportedClassVersionError: ([\w./$]+) has been compiled",
        "the class $1 was compiled for a newer Java than the node has",
        "compile it for the nodes' Java, or install a newer one there",
    ),
    (
        r"template source path escapes alloc directory|template destination path escapes alloc directory",
        "a template reads or writes outside of its allocation's folder",
        "put the text into the template's `data`, or allow it with `template { disable_file_sandbox = true }` of Nomad's clients",
    ),
    (
        r"[Cc]lass:? (org[./]apache[./]hadoop[./]fs[./]s3a[./][\w./$]+) not found|NoClassDefFoundError: ((?:org/apache/hadoop/fs/s3a|com/amazonaws|software/amazon)/[\w/$]+)",
        "the class $1$2 was not found: Spark's download does not hold the library for s3a://",
        "put hadoop-aws of the version that the name of $SPARK_HOME/jars/hadoop-client-api-*.jar has, and the AWS SDK that it \
         needs, into $SPARK_HOME/jars of every node, or name org.apache.hadoop:hadoop-aws:VERSION with --conf \
         spark.jars.packages",
    ),
    (
        r#"[Cc]lass:? ((?:com\.google\.cloud\.hadoop|org\.apache\.hadoop\.fs\.gs)\.[\w.$]+) not found|(No FileSystem for scheme:? "?gs\b"?)"#,
        "Hadoop's connector for gs:// was not found: $1$2",
        "put gcs-connector, the jar with all that it needs (-shaded), into $SPARK_HOME/jars of every node, or name \
         com.google.cloud.bigdataoss:gcs-connector:VERSION with --conf spark.jars.packages",
    ),
    (
        r"[Cc]lass:? (org\.apache\.hadoop\.fs\.(?:azurebfs|azure|adl)\.[\w.$]+) not found|NoClassDefFoundError: ((?:org/apache/hadoop/fs/azure|com/microsoft/azure)[\w/$]+)",
        "the class $1$2 was not found: Spark's download does not hold the library for Azure's stores",
        "put hadoop-azure of the version that the name of $SPARK_HOME/jars/hadoop-client-api-*.jar has into $SPARK_HOME/jars \
         of every node, or name org.apache.hadoop:hadoop-azure:VERSION with --conf spark.jars.packages",
    ),
    (
        r#"(?:No FileSystem for scheme:? |UnsupportedFileSystemException: .*scheme )"?(s3n?)\b"#,
        "Hadoop has no file system for $1://",
        "write s3a:// instead: Hadoop reads S3 under that name, with hadoop-aws in $SPARK_HOME/jars of every node",
    ),
    (
        r#"No FileSystem for scheme:? "?([\w+.-]+)"#,
        "Hadoop has no file system for $1://",
        "check the scheme's spelling, or put the jar of its connector into $SPARK_HOME/jars of every node",
    ),
    (
        r"[Cc]lass:? ([A-Za-z_$][\w.$]*\.[\w.$]*[\w$]) not found",
        "the class $1 was not found",
        "put the jar that holds it into $SPARK_HOME/jars of every node, or name it with spark.jars or spark.jars.packages; a \
         class that a setting names has to be spelled in full",
    ),
    (
        r"NoClassDefFoundError: Could not initialize class ([\w./$]+[\w$])",
        "the class $1 was found but could not be initialized",
        "the first failure of that class, earlier in the log, says why",
    ),
    (
        r"(?:Failed to load class |Could not find or load main class )([\w./$]+[\w$])",
        "the class $1 was not found",
        "see that the .jar holds it and that --class names it in full",
    ),
    (
        r"(?:ClassNotFoundException: |NoClassDefFoundError: )([\w./$]+[\w$])",
        "the class $1 was not found",
        "see that the .jar holds it, or name the jar that does with spark.jars or spark.jars.packages; where it is the main \
         class, see that --class names it in full",
    ),
    (
        r"(?:NoSuchMethodError|NoSuchFieldError|AbstractMethodError|IncompatibleClassChangeError): '?(.{1,200}[^'\s])",
        "two libraries do not fit together: $1",
        "build against the versions of Spark, Scala and Hadoop that the nodes have, and leave other versions of their jars out",
    ),
    (
        r"(?:ModuleNotFoundError: No module named |ImportError: No module named )'?([\w.]+)",
        "Python has no module $1 there",
        "install it on the nodes, or bring it along with --py-files",
    ),
    (
        r"ImportError: (cannot import name .{1,200}|[^:]+: cannot open shared object file)",
        "Python failed to import: $1",
        "install that library, in the version that the program needs, on every node",
    ),
    (
        r"Input path does not exist: (\S*%[0-9A-Fa-f]{2}\S*)",
        "$1 is not where it was looked for",
        "a per cent sign stands for itself in --input: write a space as a space",
    ),
    (
        r"(?:Input path does not exist: |FileNotFoundException: File |can't open file |No such file or directory: )'?([^\s']+)",
        "$1 is not where it was looked for",
        "a path is one of the nodes that run the executors: name a shared disk or a store, or check its spelling",
    ),
    (
        r"Service '(\w+)' could not bind on port (\d+)",
        "$1 found no free port at $2",
        "see what listens on that port on the node",
    ),
    (
        r"UnknownHostException: ([\w.-]+)",
        "the name $1 is not known on that node",
        "let the nodes resolve each other's names, or use addresses",
    ),
    (
        r"(?:Failed to connect to|Connection refused:|Cannot receive any reply from|Failed to send RPC .* to) /?([\w.-]*/)?([\w.\[\]:-]+:\d+)",
        "nothing answered at $2",
        "see that the node can reach that address and port: a firewall, or a process that is gone",
    ),
    (
        r"Master removed our application: (\w+)",
        "Spark's master gave the application up ($1), because its executors ended again and again",
        "the log of the workers' allocations tells why they ended",
    ),
    (
        r"ExecutorLostFailure \(executor (\S+) exited [^)]*\) Reason: ([^\n]+)",
        "executor $1 was lost: $2",
        "the log of that worker's allocation tells why",
    ),
    (
        r"JAVA_HOME is not set",
        "Java was not found",
        "install Java 17 or later on the node, or set JAVA_HOME for the task",
    ),
    (
        r"(?i)failed to fetch docker daemon info|cannot connect to the docker daemon",
        "Docker does not answer on that node",
        "see why Docker does not run there",
    ),
    (
        r"(?i)failed to pull|pull access denied|manifest for .* not found",
        "the image could not be fetched",
        "check the image's name and tag, and that the node can reach and log in to its registry",
    ),
    (
        r"its image has no program (\S+)",
        "$1 is not in the image",
        "name one by its path in the image or that the image has in its PATH; --spark-home says where Spark is there",
    ),
    (
        r"file (\S+) not found under path",
        "$1 is not in the task's chroot",
        "list its folder in the client's `chroot_env`, or say where Spark is with --spark-home",
    ),
    (
        r#"binary "?([^" ]+)"? could not be found|exec: "?([^":]+)"?: (?:executable file )?not found|: (\S+): command not found"#,
        "$1$2$3 was not found on that node",
        "install it there, or say where Spark is with --spark-home, runtime.spark_home or the node's meta spark_home",
    ),
    (
        r"does not allow the following capabilities",
        "the docker plugin refuses the task's capabilities",
        "list them in `allow_caps` of the clients' docker plugin, together with its defaults: docs/spec.md, \"In containers\"",
    ),
    (
        r"Consul answered 403",
        "Consul refuses what the master asks",
        "give the masters a token with consul/master.policy.hcl; docs/acl.md says how",
    ),
    (
        r"no Spark master answers; tried: none",
        "Consul tells the worker of no master",
        "where Consul has ACLs, give the workers a token with consul/worker.policy.hcl; docs/acl.md says how",
    ),
    (
        r"Consul does not answer, this master stands by: (.{1,200})",
        "Consul does not answer the master ($1)",
        "an agent has to run on its node, at 127.0.0.1:8500 or at the address in the node's meta consul_http_addr",
    ),
    (
        r"(?i)used more memory than it reserved",
        "it needed more memory",
        "give the task more `memory`; for Spark that follows spark.driver.memory, --worker-memory and --master-memory",
    ),
    (
        r"an artifact could not be fetched",
        "the artifact is not there",
        "see that the node can reach the artifact's source, and that it exists",
    ),
    (
        r"health ?check: check \\?.?(.+?)\\?.? unhealthy",
        "its health check $1 kept failing",
        "the check's last output stands in Consul's UI; a longer `grace` helps a task that starts slowly",
    ),
    (
        r"^(?:(?:pyspark|py4j)\.[\w.]+\.)?([A-Z]\w*(?:Error|Exception|Interrupt): .{1,300})",
        "its program raised $1",
        "the lines before that in the log say where",
    ),
    (
        r#"Exception in thread "([^"]*)" ([\w.$]+(?:: .{1,300})?)"#,
        "its thread $1 ended with $2",
        "the lines after that in the log say where",
    ),
];

/// Reads lines, such as the end of a log; `None` where they tell nothing that is known.
#[must_use]
pub(crate) fn diagnose(lines: &[&str]) -> Option<Diagnosis> {
    RULES.iter().find_map(|rule| {
        let found = lines.iter().find_map(|line| rule.words.captures(line))?;
        let mut what = String::new();
        found.expand(rule.what, &mut what);
        // The JVM writes some names of classes with slashes.
        if what.starts_with("the class ") {
            what = what
                .split(' ')
                .map(|word| if word.contains("//") { word.to_owned() } else { word.replace('/', ".") })
                .collect::<Vec<_>>()
                .join(" ");
        }
        // An exception without a word of its own, such as ExceptionInInitializerError: what caused it says why.
        let silent = what.starts_with("its thread ") && !what.contains(": ");
        if let Some(cause) = lines.iter().find_map(|line| line.trim().strip_prefix("Caused by: ")).filter(|_| silent) {
            what.push_str(&format!(", caused by {}", cause.chars().take(300).collect::<String>()));
        }
        Some(Diagnosis { what, next: rule.next.to_owned() })
    })
}

/// Reads the end of a log; what was written last is read first.
#[must_use]
pub(crate) fn diagnose_log(lines: &[String]) -> Option<Diagnosis> {
    let latest_first: Vec<&str> = lines.iter().rev().map(String::as_str).collect();
    diagnose(&latest_first)
}

#[cfg(test)]
mod tests;
