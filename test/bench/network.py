"""The published network in Keras, for the bench: the same layers, losses and optimizer as ours (MICCAI 2021)."""
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

SIDE = 160
DECAY = 2e-4
RATE = 5e-5
DROPOUT = 0.3


def blocks(x, channels):
    for _ in range(2):
        x = layers.Conv2D(channels, 3, padding='same', activation='relu', kernel_regularizer=keras.regularizers.l2(DECAY))(x)
        x = layers.BatchNormalization()(x)
    return x


def encode(x, widths):
    skips = []
    for level, channels in enumerate(widths):
        x = blocks(x, channels)
        if level < len(widths) - 1:
            skips.append(x)
            x = layers.Dropout(DROPOUT)(layers.MaxPooling2D(2)(x))
    return x, skips


def decode(x, skips, widths, drop_at_top):
    for level in (3, 2, 1, 0):
        x = layers.Conv2DTranspose(widths[level], 2, strides=2)(x)
        x = layers.Concatenate()([x, skips[level]])
        if level > 0 or drop_at_top:
            x = layers.Dropout(DROPOUT)(x)
        x = blocks(x, widths[level])
    return layers.Conv2D(1, 1, activation='sigmoid')(x)


def generator(width):
    widths = [width * 2**level for level in range(5)]
    image = keras.Input((SIDE, SIDE, 1))
    bottom, skips = encode(image, widths)
    ifc = decode(bottom, skips, widths, False)
    iwc = decode(bottom, skips, widths, True)
    iro = layers.Conv2D(1, 1, activation='sigmoid')(layers.Concatenate()([ifc, iwc]))
    return keras.Model(image, [ifc, iwc, iro])


def discriminator(width):
    image = keras.Input((SIDE, SIDE, 1))
    x, _ = encode(image, [width * 2**level for level in range(5)])
    return keras.Model(image, layers.Dense(1, activation='tanh')(layers.Flatten()(x)))


def disjointness(a, b):
    a, b = (tf.where(v < 1e-16, tf.ones_like(v), v) for v in (a, b))
    return (2 * tf.reduce_sum(a * b) + 1) / (tf.reduce_sum(a) + tf.reduce_sum(b) + 1)


def train_generator_step(m, d):
    optimizer = keras.optimizers.Adam(RATE)
    variables = m.trainable_variables

    @tf.function
    def step(x):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            ifc, iwc, iro = m(x, training=True)
            loss = (
                tf.reduce_mean(tf.abs(d(ifc, training=False) + 1))
                + tf.reduce_mean(tf.square(iro - x))
                + disjointness(ifc, iwc)
                + tf.add_n(m.losses)
            )
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return loss

    return step


def train_discriminator_step(d):
    optimizer = keras.optimizers.Adam(RATE)
    variables = d.trainable_variables

    @tf.function
    def step(x, labels):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            loss = tf.reduce_mean(tf.abs(d(x, training=True) - labels)) + tf.add_n(d.losses)
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return loss

    return step
