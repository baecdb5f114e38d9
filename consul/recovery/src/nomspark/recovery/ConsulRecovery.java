package nomspark.recovery;

import java.io.IOException;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.master.LeaderElectable;
import org.apache.spark.deploy.master.LeaderElectionAgent;
import org.apache.spark.deploy.master.Master;
import org.apache.spark.deploy.master.PersistenceEngine;
import org.apache.spark.deploy.master.StandaloneRecoveryModeFactory;
import org.apache.spark.serializer.Serializer;

/**
 * Spark masters that elect their leader through Consul ({@code spark.deploy.recoveryMode=CUSTOM} with this class as
 * {@code spark.deploy.recoveryMode.factory}).
 */
public final class ConsulRecovery extends StandaloneRecoveryModeFactory {
  /** Long enough for a line on standard error, in milliseconds. */
  private static final long LAST_WORDS = 100;
  /** The exit code of a master that must not lead any more. */
  private static final int DEPOSED = 75;

  /** This process's; Spark makes filters of its web UI by itself. */
  private static volatile Leadership leadership;

  private final Serializer serializer;
  private final Identity identity;
  private final Consul consul;
  private final LockKeeper keeper;
  private PersistenceEngine state;
  private Election election;

  /** Called by Spark's master. */
  public ConsulRecovery(SparkConf conf, Serializer serializer) throws IOException {
    super(conf, serializer);
    this.serializer = serializer;
    Map<String, String> environment = System.getenv();
    identity = Identity.of(environment);
    consul = new Consul(new ConsulSettings(environment));
    keeper = new LockKeeper(consul, identity.lockKey());
    leadership = new Leadership(Timing.USUAL, Leadership.Moment::now, ConsulRecovery::end);
  }

  @Override
  public PersistenceEngine createPersistenceEngine() {
    StateStore store =
        new StateStore(
            consul,
            keeper,
            leadership,
            () -> election.session(),
            identity.stateFolder(),
            org.apache.spark.package$.MODULE$.SPARK_VERSION());
    state = new SparkState(store, serializer);
    return state;
  }

  /** Called after {@link #createPersistenceEngine}. */
  @Override
  public LeaderElectionAgent createLeaderElectionAgent(LeaderElectable master) {
    RollCall rollCall = new RollCall(((Master) master).rpcEnv(), state, "http://" + identity.ui());
    election = new Election(master, identity, keeper, leadership, Timing.USUAL, rollCall);
    return election.start();
  }

  /** Whether this process led before and must not any more. */
  static boolean hasLostLeadership() {
    Leadership current = leadership;
    return current != null && current.isLost();
  }

  /** Ends the process without Spark's shutdown, which would take seconds and could hang. Nomad starts it again. */
  private static void end(String why) {
    Thread words = new Thread(() -> System.err.println("This master leads no more and ends: " + why), "last-words");
    words.setDaemon(true);
    words.start();
    try {
      words.join(LAST_WORDS);
    } catch (InterruptedException enough) {
      Thread.currentThread().interrupt();
    } finally {
      Runtime.getRuntime().halt(DEPOSED);
    }
  }
}
