using System.Net;
using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace CvOps.Fleet.Storage.Buckets;

/// <summary>
/// Blobs in a bucket of S3, each under its digest, for fleets that share no folder: what is put is there before a row speaks of it, and what this machine's folder lacks is fetched and compared with its
/// digest. S3 shows what was written to whoever reads next, which is all that this needs.
/// </summary>
internal sealed class Bucket : IDisposable
{
    private readonly AmazonS3Client _client;
    private readonly BucketOptions _options;

    public Bucket(BucketOptions options)
    {
        _options = options;
        var config = new AmazonS3Config
        {
            // Servers other than AWS mostly have no host name a bucket, and not all of them know checksums after the body.
            ForcePathStyle = options.Endpoint is not null, AuthenticationRegion = options.Region, RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED, MaxErrorRetry = 2, Timeout = TimeSpan.FromSeconds(60),
        };
        if (options.Endpoint is { } endpoint) config.ServiceURL = endpoint;
        else config.RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(options.Region);
        _client = options is { AccessKey: { } key, SecretKey: { } secret } ? new AmazonS3Client(new BasicAWSCredentials(key, secret), config) : new AmazonS3Client(config);
    }

    /// <exception cref="IOException">The bucket does not answer, or refuses.</exception>
    public void Put(string digest, string file) => Ask($"take {digest}", async () =>
    {
        await _client.PutObjectAsync(new PutObjectRequest { BucketName = _options.Name, Key = Key(digest), FilePath = file, ContentType = "application/octet-stream", UseChunkEncoding = false });
        return true;
    });

    /// <returns>When it was put last; null when it is not there.</returns>
    /// <exception cref="IOException">The bucket does not answer, or refuses.</exception>
    public DateTimeOffset? PutAt(string digest) => Ask($"say whether it has {digest}", async () =>
    {
        try
        {
            return (await _client.GetObjectMetadataAsync(_options.Name, Key(digest))).LastModified is { } at ? new DateTimeOffset(at.ToUniversalTime(), TimeSpan.Zero) : (DateTimeOffset?)null;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    });

    /// <summary>Fetches a blob into a new file.</summary>
    /// <returns>False when it is not there; then there is no file.</returns>
    /// <exception cref="IOException">The bucket does not answer, or what it gave is not what was put.</exception>
    public bool Fetch(string digest, string file)
    {
        var whole = false;
        try
        {
            return whole = Ask($"give {digest}", () => FetchAsync(digest, file));
        }
        finally
        {
            if (!whole) File.Delete(file);
        }
    }

    private async Task<bool> FetchAsync(string digest, string file)
    {
        try
        {
            using var answer = await _client.GetObjectAsync(_options.Name, Key(digest));
            await using var target = new FileStream(file, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            await answer.ResponseStream.CopyToAsync(target);
            target.Position = 0;
            if (Convert.ToHexStringLower(await SHA256.HashDataAsync(target)) == digest) return true;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
        throw new IOException($"The bucket {_options.Name} gave other bytes for {digest} than were put: restore that object.");
    }

    /// <exception cref="IOException">The bucket does not answer, or refuses.</exception>
    public void Delete(string digest) => Ask($"delete {digest}", async () => (await _client.DeleteObjectAsync(_options.Name, Key(digest))).HttpStatusCode);

    public void Dispose() => _client.Dispose();

    private string Key(string digest) => $"{_options.Prefix}{digest[..2]}/{digest[2..4]}/{digest}";

    /// <summary>Whoever stores a blob waits until it is stored, on a thread that has nothing else to do meanwhile.</summary>
    private T Ask<T>(string what, Func<Task<T>> ask)
    {
        try
        {
            return Task.Run(ask).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is AmazonClientException or HttpRequestException or OperationCanceledException)
        {
            throw new IOException($"The bucket {_options.Name} at {_options.Endpoint ?? "AWS"} did not {what}: {e.Message}", e);
        }
    }
}
