export { default as ReviewPlace } from './ReviewPlace.vue';
