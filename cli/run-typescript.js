// Lets Node run the TypeScript sources of a checkout, in worker threads too (tsx by itself leaves those out).
import { register } from 'tsx/esm/api';

register();
