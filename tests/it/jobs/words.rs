//! What Java, Python and Spark themselves say when they fail, caused on the real ones: the sentence and the next step.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use super::{File, ONE_TRY};
use crate::support::run::Failure;

/// Spark and what it starts stay on this machine.
const ENVIRONMENT: &str = "env {\nSPARK_HOME = \"${meta.spark_home}\"\nSPARK_LOCAL_IP = \"127.0.0.1\"\n}";
const SUBMIT: &str = "exec \"$SPARK_HOME/bin/spark-submit\" --master 'local[1]' --conf spark.ui.enabled=false ";

/// Runs a script beside Spark and watches it fail.
fn failed(id: &str, script: &str) -> Failure {
    let job = File::script(id, "batch", script).reserve(200, 1500).group(ONE_TRY).task(ENVIRONMENT).run();
    job.watch().run().fails(6)
}

/// The same for a Python program of Spark's.
fn failed_program(id: &str, program: &str) -> Failure {
    let folder = program_file(program);
    failed(id, &format!("{SUBMIT} {}", folder.path().join("program.py").display()))
}

fn program_file(program: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("program.py"), program).unwrap();
    folder
}

#[test]
fn a_class_that_is_not_there_is_told() {
    let told = failed("words-class", &format!("{SUBMIT} --class org.example.Main nothing.jar"));
    told.shows("its log says that the class org.example.Main was not found").hints("--class");
}

#[test]
fn a_file_that_is_not_where_the_executors_run_is_told() {
    let program = "from pyspark import SparkContext\nSparkContext().textFile('file:///nothing/here.txt').count()\n";
    let told = failed_program("words-file", program);
    told.says("its log says that file:/nothing/here.txt is not where it was looked for").hints("shared disk");
}

#[test]
fn pythons_that_differ_are_told() {
    // The driver says that it is another one than it is; the executor's own Python refuses that.
    let program = "from pyspark import SparkContext\n\
                   context = SparkContext()\n\
                   context.pythonVer = '2.7'\n\
                   context.parallelize([1]).map(str).count()\n";
    let told = failed_program("words-python", program);
    told.shows("its log says that the executors run Python 3.").says("and the driver runs Python 2.7");
}

#[test]
fn a_module_that_python_does_not_have_is_told() {
    let told = failed_program("words-module", "import nothing_of_this_name\n");
    told.shows("its log says that Python has no module ").says("nothing_of_this_name there").hints("--py-files");
}

#[test]
fn what_a_python_program_raised_is_told_though_spark_writes_it_to_standard_output() {
    let program = "from pyspark import SparkContext\nprint(SparkContext().parallelize([1]).count() / 0)\n";
    let told = failed_program("words-raised", program);
    told.shows("its log says that its program raised ZeroDivisionError: division by zero").hints("in the log");
}

#[test]
fn a_heap_that_is_too_small_is_told_apart_from_a_container_that_is() {
    let program = "from pyspark import SparkContext\n\
                   SparkContext()._jvm.java.nio.ByteBuffer.allocate(2000000000)\n";
    let told = failed_program("words-heap", program);
    let told = told.shows("its log says that a JVM's heap was too small").hints("spark.driver.memory");
    assert_eq!(told.document["failures"][0]["oom"], false, "{:#}", told.document);
}

#[test]
fn a_driver_that_an_executor_cannot_reach_is_told_with_its_address() {
    let backend = "exec \"$SPARK_HOME/bin/spark-class\" org.apache.spark.executor.CoarseGrainedExecutorBackend \
                   --driver-url spark://CoarseGrainedScheduler@127.0.0.1:9 --executor-id 0 --hostname 127.0.0.1 \
                   --cores 1 --app-id app";
    failed("words-driver", backend)
        .shows("its log says that nothing answered at ")
        .says("127.0.0.1:9")
        .hints("firewall");
}

#[test]
fn a_disk_that_is_full_is_told() {
    // The mount belongs to the task's processes alone and goes with them.
    let script = "unshare --user --map-root-user --mount sh -c \
                  'mount -t tmpfs -o size=64k none /mnt && cat /dev/zero >/mnt/zeros'";
    failed("words-disk", script).shows("its log says that a disk is full").hints("ephemeral_disk");
}

#[test]
fn a_node_without_java_is_told() {
    let script =
        "JAVA_HOME= PATH=/nothing exec /bin/bash \"$SPARK_HOME/bin/spark-class\" org.apache.spark.deploy.master.Master";
    failed("words-java", script).says("its log says that Java was not found").hints("Java 17");
}

#[test]
fn a_command_that_is_not_in_the_chroot_is_told() {
    let job = File::command("words-chroot", "batch", "/opt/nothing/here").group(ONE_TRY).driver("exec").run();
    if nix::unistd::geteuid().is_root() {
        job.watch().run().fails(6).says("file /opt/nothing/here").shows("not found under path").hints("`chroot_env`");
    } else {
        job.watch().run().fails(3).says("the task driver is missing on 1 of 1 nodes");
    }
}

#[test]
fn a_task_that_needs_more_memory_than_it_reserved_is_told_with_its_limit() {
    let config = json!(["-c", "exec tail /dev/zero"]);
    let job = File::command("words-oom", "batch", "/bin/sh")
        .config(&format!("args = {config}"))
        .group(ONE_TRY)
        .driver("exec")
        .run();
    if nix::unistd::geteuid().is_root() {
        let told = job.watch().run().fails(6).hints("`memory`");
        let told = told.shows("the kernel killed it because it used more memory than it reserved, ").says("20 MiB");
        assert_eq!(told.document["failures"][0]["oom"], true, "{:#}", told.document);
    } else {
        job.watch().run().fails(3).says("the task driver is missing on 1 of 1 nodes");
    }
}
