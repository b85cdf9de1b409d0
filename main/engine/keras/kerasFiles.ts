/** The three files of the published script create_networks. */
export const KERAS_FILES = {
  generator: 'disjoint_un_sup_mse_generator.h5',
  discriminator: 'disjoint_un_sup_mse_discriminator.h5',
  complete: 'disjoint_un_sup_mse_complete_gans.h5',
} as const;
