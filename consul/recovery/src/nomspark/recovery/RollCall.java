package nomspark.recovery;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.spark.deploy.DeployMessages.MasterChanged;
import org.apache.spark.deploy.DeployMessages.MasterChangeAcknowledged;
import org.apache.spark.deploy.DeployMessages.WorkerSchedulerStateResponse;
import org.apache.spark.deploy.master.ApplicationInfo;
import org.apache.spark.deploy.master.PersistenceEngine;
import org.apache.spark.deploy.master.WorkerInfo;
import org.apache.spark.rpc.RpcEnv;
import org.apache.spark.rpc.ThreadSafeRpcEndpoint;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Function1;
import scala.PartialFunction;
import scala.collection.Iterator;
import scala.collection.Seq;
import scala.runtime.AbstractPartialFunction;
import scala.runtime.BoxedUnit;

/**
 * Tells the workers and drivers of the last leader who leads now, before this master does.
 *
 * <p>A worker that loses its master registers at once where it was told to when it started, and that may be here. A master
 * that has just begun to recover takes such a worker for one without executors ({@code Master.handleRegisterWorker}),
 * starts executors of the same numbers there, and counts the cores of the old ones as well when the worker tells of
 * them. A worker that knows its new master registers nowhere, and a master that stands by ignores who does.
 *
 * <p>They are told that their master is this endpoint, which only listens: a master that hears twice of a worker's
 * executors counts their cores twice. Its own call follows on the same connections, and takes its place.
 */
final class RollCall implements ThreadSafeRpcEndpoint {
  private static final Logger LOG = LoggerFactory.getLogger(RollCall.class);
  private static final String NAME = "nomspark-roll-call";

  /** Whoever has not answered by then is taken for gone; the master calls all of them again. */
  private static final Duration PATIENCE = Duration.ofMillis(750);

  private final RpcEnv rpcEnv;
  private final PersistenceEngine state;
  private final String webUi;
  private final Set<String> silent = ConcurrentHashMap.newKeySet();
  private final CountDownLatch complete = new CountDownLatch(1);

  /**
   * @param rpcEnv the master's
   * @param state what the last leader wrote down
   * @param webUi the URL of the master's web UI
   */
  RollCall(RpcEnv rpcEnv, PersistenceEngine state, String webUi) {
    this.rpcEnv = rpcEnv;
    this.state = state;
    this.webUi = webUi;
  }

  /** Returns when everybody has answered, or does not in time. */
  void call() throws InterruptedException {
    var known = state.readPersistedData(rpcEnv);
    List<ApplicationInfo> applications = all(known._1());
    List<WorkerInfo> workers = all(known._3());
    applications.forEach(application -> silent.add(application.id()));
    workers.forEach(worker -> silent.add(worker.id()));
    if (silent.isEmpty()) {
      return;
    }
    MasterChanged news = new MasterChanged(rpcEnv.setupEndpoint(NAME, this), webUi);
    workers.forEach(worker -> worker.endpoint().send(news));
    applications.forEach(application -> application.driver().send(news));
    if (!complete.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
      LOG.info("No answer yet from {}", silent);
    }
  }

  /** As Java has it: Scala's converters have other names in each of its versions. */
  private static <T> List<T> all(Seq<T> sequence) {
    List<T> all = new ArrayList<>();
    for (Iterator<T> left = sequence.iterator(); left.hasNext(); ) {
      all.add(left.next());
    }
    return all;
  }

  @Override
  public RpcEnv rpcEnv() {
    return rpcEnv;
  }

  @Override
  public PartialFunction<Object, BoxedUnit> receive() {
    return new AbstractPartialFunction<>() {
      @Override
      public boolean isDefinedAt(Object message) {
        return true;
      }

      @Override
      public <A, B> B applyOrElse(A message, Function1<A, B> otherwise) {
        hear(message);
        return null;
      }
    };
  }

  private void hear(Object message) {
    // Whatever else they send to their master comes again, or says nothing that their answer to its call does not.
    if (message instanceof WorkerSchedulerStateResponse worker) {
      silent.remove(worker.id());
    } else if (message instanceof MasterChangeAcknowledged application) {
      silent.remove(application.appId());
    }
    if (silent.isEmpty()) {
      complete.countDown();
    }
  }
}
