/** Validators and serializers of schemas, each made when it is first needed: most never are in a collector's life. */
import AjvCompiler from '@fastify/ajv-compiler';
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler';
import type { FastifyServerOptions } from 'fastify';

type Factories = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>;
type CompileValidator = ReturnType<AjvCompiler.BuildCompilerFromPool>;
type CompileSerializer = ReturnType<ReturnType<typeof SerializerSelector>>;

/** Fastify's own compilers, put off. A schema that cannot be compiled fails its first request, not the start. */
export function lazyCompilers(): Factories {
  const validators = AjvCompiler();
  const serializers = SerializerSelector();
  return {
    buildValidator: ((schemas, options) => lazyValidators(validators(schemas, options))) as typeof validators,
    buildSerializer: ((schemas, options) =>
      lazySerializers(serializers(schemas, options))) as typeof serializers,
  };
}

function lazyValidators(compile: CompileValidator): CompileValidator {
  return (route) => {
    let made: ReturnType<CompileValidator> | undefined;
    const lazy = (data: unknown) => {
      made ??= compile(route);
      const isValid = made(data);
      // Fastify reads what is wrong from the function, before anything else is validated.
      lazy.errors = made.errors;
      return isValid;
    };
    lazy.errors = undefined as ReturnType<CompileValidator>['errors'];
    return lazy as unknown as ReturnType<CompileValidator>;
  };
}

function lazySerializers(compile: CompileSerializer): CompileSerializer {
  return (route) => {
    let made: ReturnType<CompileSerializer> | undefined;
    return (data: unknown) => {
      made ??= compile(route);
      return made(data);
    };
  };
}
