// A server that speaks S3 on a port that is free, with one bucket; it says its port and serves until it is ended.
const S3rver = require('s3rver');

const [folder, bucket] = process.argv.slice(2);
const server = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory: folder, configureBuckets: [{ name: bucket }] });
server.run().then(({ port }) => console.log(`listening ${port}`));
