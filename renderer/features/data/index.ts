export { default as DataPlace } from './DataPlace.vue';
