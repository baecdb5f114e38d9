package nomspark.recovery;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/**
 * Who this master is: what people read in the value of the lock.
 *
 * @param cluster the cluster's name
 * @param rpc HOST:PORT of its spark:// URL
 * @param ui HOST:PORT of its web UI
 * @param allocation Nomad's allocation
 * @param node the name of Nomad's node
 */
record Identity(String cluster, String rpc, String ui, String allocation, String node) {
  /** From the variables that Nomad and the job file set. */
  static Identity of(Map<String, String> environment) {
    return new Identity(
        environment.getOrDefault("NOMSPARK_CLUSTER", "spark"),
        environment.getOrDefault("NOMAD_ADDR_rpc", ""),
        environment.getOrDefault("NOMAD_ADDR_ui", ""),
        environment.getOrDefault("NOMAD_ALLOC_ID", ""),
        environment.getOrDefault("NODE_NAME", ""));
  }

  /** The key of the lock. */
  String lockKey() {
    return "nomspark/" + cluster + "/master/leader";
  }

  /** The folder of what a new leader has to know. */
  String stateFolder() {
    return "nomspark/" + cluster + "/master/state/";
  }

  String sessionName() {
    return cluster + "-master " + (allocation.isEmpty() ? rpc : allocation);
  }

  /**
   * The value of the lock.
   *
   * @param since when this master was elected, in milliseconds since 1970
   * @param how how the lock became free
   * @param renewal differs from one confirmation to the next, so that others see each of them
   */
  ObjectNode value(long since, String how, long renewal) {
    ObjectNode value = new ObjectMapper().createObjectNode();
    value.put("master", "spark://" + rpc).put("ui", ui).put("allocation", allocation).put("node", node);
    return value.put("since_ms", since).put("after", how).put("renewal", renewal);
  }
}
