"""One job of the bench in Keras, graph mode: `kerasStep.py WHAT WIDTH BATCH [VOLUME OUT]`."""
import os
import sys

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
import numpy as np
import tensorflow as tf
from network import SIDE, discriminator, generator, train_discriminator_step, train_generator_step
from worker import serve

what, width, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
pixels = np.random.default_rng(1).uniform(0, 1, (batch, SIDE, SIDE, 1)).astype(np.float32)

if what == 'predict':
    m = generator(width)
    forward = tf.function(lambda x: m(x, training=False))

    def job():
        # As ours: four slices at a time, each output as an array.
        for at in range(0, batch, 4):
            [y.numpy() for y in forward(tf.constant(pixels[at : at + 4]))]

elif what == 'segmentVolume':
    from segment import segment

    m = generator(width)
    forward = tf.function(lambda x: m(x, training=False))

    def job():
        segment(sys.argv[4], sys.argv[5], lambda x: [y.numpy() for y in forward(tf.constant(x))])

elif what == 'trainGenerator':
    step = train_generator_step(generator(width), discriminator(width))

    def job():
        step(tf.constant(pixels)).numpy()

else:
    step = train_discriminator_step(discriminator(width))
    labels = np.where(np.arange(batch) % 2 == 0, -1, 1).astype(np.float32)[:, None]

    def job():
        step(tf.constant(pixels), tf.constant(labels)).numpy()


serve(job)
