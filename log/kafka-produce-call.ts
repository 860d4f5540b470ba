// Sends a Produce request that is encoded already. Of the client's own call everything is used but its encoding:
// connection, correlation, time limit, the answer and its errors.
import { ALL_IN_SYNC_REPLICAS, PRODUCE_VERSION } from './kafka-produce.js';
import type { ProduceAnswer } from './kafka-wire.js';

/** A request and its answer, as the client makes them. */
interface Exchange {
  readonly request: { readonly apiVersion: number; readonly encode: () => unknown };
}

/** What a broker of the client has and its types do not name. */
interface ClientBroker {
  produce(request: { acks: number; topicData: readonly never[] }): Promise<ProduceAnswer>;
  lookupRequest(api: number, versions: object): (options: object) => Exchange;
}

const isClientBroker = (broker: object): broker is ClientBroker =>
  ['produce', 'lookupRequest'].every((name) => typeof Reflect.get(broker, name) === 'function');

/** `body` is what `encodeProduce` has made; it may be used again when the promise settles. */
export function produceEncoded(broker: object, body: Buffer): Promise<ProduceAnswer> {
  if (!isClientBroker(broker)) throw new Error('kafkajs has not the calls that are needed.');
  const lookupRequest: ClientBroker['lookupRequest'] = (api, versions) => {
    const make = broker.lookupRequest(api, versions);
    return (options) => {
      const exchange = make(options);
      const { request } = exchange;
      if (request.apiVersion !== PRODUCE_VERSION)
        throw new Error(`The broker takes version ${request.apiVersion} of Produce, not ${PRODUCE_VERSION}.`);
      // What the client takes for one of its encoders: it copies `buffer` behind its own header.
      const encoded = { buf: body, buffer: body };
      return { ...exchange, request: { ...request, encode: () => encoded } };
    };
  };
  const encoding = new Proxy(broker, {
    get: (client, name): unknown => (name === 'lookupRequest' ? lookupRequest : Reflect.get(client, name)),
  });
  return encoding.produce({ acks: ALL_IN_SYNC_REPLICAS, topicData: [] });
}
