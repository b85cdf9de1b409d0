export { default as TrainPlace } from './TrainPlace.vue';
