package nomspark.recovery;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.spark.deploy.master.PersistenceEngine;
import org.apache.spark.serializer.Serializer;
import scala.reflect.ClassTag;

/**
 * Spark's workers, drivers and applications as records in Consul.
 *
 * <p>It is compiled against {@code declared/}, where {@code read} is as in Spark 3.5. What this class gives is narrower, as in
 * Spark 4; the compiler puts a method of the other type beside it, which Spark 3.5 calls.
 */
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
  public <T> scala.collection.immutable.Seq<T> read(String prefix, ClassTag<T> tag) {
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
    // Scala's converters have other names in each of its versions.
    Collections.reverse(objects);
    scala.collection.immutable.List<T> list = scala.collection.immutable.List$.MODULE$.empty();
    for (T object : objects) {
      list = list.$colon$colon(object);
    }
    return list;
  }
}
