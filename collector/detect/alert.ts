export { alertId } from '#shared/detect/alert.ts';
