package nomspark.recovery;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.deploy.master.PersistenceEngine;
import org.apache.spark.serializer.Serializer;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;

/** Spark's workers, drivers and applications as records in Consul. */
final class SparkState extends PersistenceEngine {
  private final StateStore store;
  private final Serializer serializer;

  SparkState(StateStore store, Serializer serializer) {
    this.store = store;
    this.serializer = serializer;
  }

  @Override
  public void persist(String name, Object object) {
    ByteBuffer bytes = serializer.newInstance().serialize(object, ClassTag.apply(Object.class));
    byte[] content = new byte[bytes.remaining()];
    bytes.get(content);
    store.write(name, content);
  }

  @Override
  public void unpersist(String name) {
    store.remove(name);
  }

  @Override
  public <T> Seq<T> read(String prefix, ClassTag<T> tag) {
    List<T> objects = new ArrayList<>();
    store.read(prefix).forEach(
        (name, content) -> {
          try {
            T object = serializer.newInstance().deserialize(ByteBuffer.wrap(content), tag);
            if (tag.runtimeClass().isInstance(object)) {
              objects.add(object);
            } else {
              store.skipped(name, "it is no " + tag.runtimeClass().getSimpleName());
            }
          } catch (Exception | LinkageError error) {
            // Scala's code throws what it does not declare.
            store.skipped(name, "Spark cannot read it: " + error);
          }
        });
    return CollectionConverters.asScala(objects).toSeq();
  }
}
