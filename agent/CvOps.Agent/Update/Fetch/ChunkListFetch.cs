using System.IO.Compression;
using System.Net;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages.Chunks;
using CvOps.Contracts.Twin;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Update.Fetch;

/// <summary>The chunk list of a package: from disk when an earlier life brought it, else from the server. A device can always do without one.</summary>
internal sealed partial class ChunkListFetch(HttpClient http, ModelFolder folder, UpdateOptions options, ILogger log)
{
    /// <returns>A sound list; null when the package has to be fetched whole.</returns>
    /// <exception cref="HttpRequestException">The server cannot be reached now. So for <see cref="IOException"/>.</exception>
    /// <exception cref="OperationCanceledException">It sent nothing for the stall time, or cancelled.</exception>
    public async Task<ChunkList?> FetchAsync(DesiredModel wanted, FetchMeter meter, CancellationToken cancellation)
    {
        var path = folder.ChunksOf(wanted.Model.Digest);
        if (File.Exists(path))
        {
            if (Read(await File.ReadAllBytesAsync(path, cancellation), wanted, out var problem) is { } kept) return kept;
            Log.ListUseless(log, wanted.Model.Digest, problem);
            File.Delete(path);
        }
        if (wanted.Chunks is not { Scheme: "http" or "https" } address) return null;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(options.DownloadStall);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.AcceptEncoding.ParseAdd("gzip");
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            // A server in trouble may have one later; another answer says there is none.
            if ((int)answer.StatusCode >= 500) throw new HttpRequestException($"the server answered {(int)answer.StatusCode} {answer.ReasonPhrase} to the request for the chunk list");
            Log.ListUseless(log, wanted.Model.Digest, $"the server answered {(int)answer.StatusCode} {answer.ReasonPhrase}");
            return null;
        }
        if (await BodyAsync(answer, ChunkList.DocumentBytes(wanted.Bytes), meter, patience) is not { } document)
        {
            Log.ListUseless(log, wanted.Model.Digest, "it is longer than the list of such a package can be");
            return null;
        }
        if (Read(document, wanted, out var wrong) is not { } list)
        {
            Log.ListUseless(log, wanted.Model.Digest, wrong);
            return null;
        }
        await File.WriteAllBytesAsync(path, document, cancellation);
        return list;
    }

    /// <returns>Null when it is longer than <paramref name="most"/>, packed or unpacked.</returns>
    private async Task<byte[]?> BodyAsync(HttpResponseMessage answer, long most, FetchMeter meter, CancellationTokenSource patience)
    {
        await using var body = await answer.Content.ReadAsStreamAsync(patience.Token);
        if (await ReadAsync(body, most, count =>
        {
            meter.Fetched(count);
            patience.CancelAfter(options.DownloadStall);
        }, patience.Token) is not { } sent) return null;
        if (!answer.Content.Headers.ContentEncoding.Contains("gzip")) return sent;
        await using var unpacked = new GZipStream(new MemoryStream(sent), CompressionMode.Decompress);
        try
        {
            return await ReadAsync(unpacked, most, _ => { }, patience.Token);
        }
        catch (InvalidDataException)
        {
            return [];
        }
    }

    private static async Task<byte[]?> ReadAsync(Stream from, long most, Action<int> came, CancellationToken cancellation)
    {
        using var all = new MemoryStream();
        var buffer = new byte[64 * 1024];
        for (int read; (read = await from.ReadAsync(buffer, cancellation)) > 0;)
        {
            came(read);
            if (all.Length + read > most) return null;
            all.Write(buffer, 0, read);
        }
        return all.ToArray();
    }

    private static ChunkList? Read(byte[] document, DesiredModel wanted, out string problem)
    {
        try
        {
            var list = JsonSerializer.Deserialize(document, ContractsJson.Default.ChunkList);
            problem = list is null ? "it is empty" : list.Problem(wanted.Model.Digest, wanted.Bytes) ?? "";
            return problem.Length == 0 ? list : null;
        }
        catch (JsonException e)
        {
            problem = e.Message.TrimEnd('.');
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4042, Level = LogLevel.Warning, Message = "The chunk list of package {Package} cannot be used ({Problem}); the package is fetched whole")]
        public static partial void ListUseless(ILogger log, string package, string problem);
    }
}
