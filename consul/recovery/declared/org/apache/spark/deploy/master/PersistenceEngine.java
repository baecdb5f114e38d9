package org.apache.spark.deploy.master;

import org.apache.spark.rpc.RpcEnv;
import scala.Tuple3;
import scala.collection.Seq;
import scala.reflect.ClassTag;

/**
 * What the plugin needs of Spark's class, with the types of Spark 3.5: there {@code Seq} in Scala is this one, and since
 * Spark 4 it is {@code scala.collection.immutable.Seq}. The plugin is compiled against this; nothing of it is in the jar.
 */
public abstract class PersistenceEngine {
  public abstract void persist(String name, Object object);

  public abstract void unpersist(String name);

  public abstract <T> Seq<T> read(String prefix, ClassTag<T> tag);

  public final Tuple3<Seq<ApplicationInfo>, Seq<DriverInfo>, Seq<WorkerInfo>> readPersistedData(RpcEnv rpcEnv) {
    throw new UnsupportedOperationException();
  }
}
