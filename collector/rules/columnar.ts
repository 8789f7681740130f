export { columnarOf } from '#shared/schema/columnar.ts';
