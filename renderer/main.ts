import './ipc/withoutEval';
import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';
import { createDesk } from './ui/vuetify';
import './ui/desk.css';
import { complain } from './ipc/client';

window.addEventListener('error', ({ error, message }) => complain(error ?? message));
window.addEventListener('unhandledrejection', ({ reason }) => complain(reason));

createApp(App).use(createPinia()).use(createDesk()).mount('#app');
