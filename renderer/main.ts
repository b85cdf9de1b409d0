import './ipc/withoutEval';
import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';
import { createDesk } from './ui/vuetify';
import './ui/desk.css';

createApp(App).use(createPinia()).use(createDesk()).mount('#app');
