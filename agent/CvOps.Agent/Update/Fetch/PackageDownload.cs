using System.Net;
using System.Net.Http.Headers;
using CvOps.Contracts;
using CvOps.Contracts.Twin;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Update.Fetch;

/// <summary>
/// Brings a package to disk over HTTP. What has arrived stays on disk as <c>{digest}.partial</c>, so a broken connection or a killed agent
/// goes on at the byte it had. Says nothing of what the bytes are worth: that is the verifier's.
/// </summary>
internal sealed partial class PackageDownload(HttpClient http, ModelFolder folder, UpdateOptions options, TimeProvider time, ILogger<PackageDownload> log)
{
    /// <summary>Left free on the disk for the spool and the system, in bytes.</summary>
    private const long ReserveBytes = 64L * 1024 * 1024;

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <returns>The path of the whole file.</returns>
    /// <exception cref="UpdateRefusedException">It is too large, does not fit the disk, is not there, or did not come after the allowed attempts.</exception>
    public async Task<string> FetchAsync(DesiredModel wanted, CancellationToken cancellation)
    {
        var target = folder.PathOf(wanted.Model.Digest);
        if (File.Exists(target)) return target;
        if (wanted.Bytes is <= 0 or > Limits.PackageBytes)
        {
            throw new UpdateRefusedException($"The package is said to have {wanted.Bytes} bytes; a device takes 1 to {Limits.PackageBytes}.");
        }
        if (wanted.Url.Scheme is not ("http" or "https")) throw new UpdateRefusedException($"The package address has the scheme '{wanted.Url.Scheme}'; a device fetches over http or https.");

        var partial = folder.PartialOf(wanted.Model.Digest);
        var have = File.Exists(partial) ? new FileInfo(partial).Length : 0;
        var free = new DriveInfo(folder.Root).AvailableFreeSpace;
        if (free < wanted.Bytes - have + ReserveBytes)
        {
            throw new UpdateRefusedException($"The disk of '{folder.Root}' has {free / 1048576} MB free and the package needs {(wanted.Bytes - have + ReserveBytes) / 1048576} MB; make room.");
        }

        var wait = FirstWait;
        for (var attempt = 1; ; attempt++)
        {
            string problem;
            try
            {
                if (await AttemptAsync(wanted, partial, cancellation))
                {
                    File.Move(partial, target, overwrite: true);
                    DurableFile.SyncFolder(folder.Root);
                    return target;
                }
                problem = "the server ended the answer early";
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !cancellation.IsCancellationRequested)
            {
                problem = e is OperationCanceledException ? $"nothing arrived for {options.DownloadStall.TotalSeconds:0} s" : e.Message.TrimEnd('.');
            }
            if (attempt >= options.DownloadAttempts) throw new UpdateRefusedException($"The package could not be fetched in {attempt} attempts: {problem}.");
            Log.DownloadInterrupted(log, attempt, problem);
            await Task.Delay(wait, time, cancellation);
            wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
        }
    }

    /// <returns>True when the file is whole.</returns>
    private async Task<bool> AttemptAsync(DesiredModel wanted, string partial, CancellationToken cancellation)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var file = new FileStream(partial, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        if (file.Length > wanted.Bytes) file.SetLength(0);
        var have = file.Seek(0, SeekOrigin.End);
        if (have < wanted.Bytes)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, wanted.Url);
            if (have > 0) request.Headers.Range = new RangeHeaderValue(have, null);
            stall.CancelAfter(options.DownloadStall);
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stall.Token);
            if (answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            {
                throw new UpdateRefusedException($"The server answered {(int)answer.StatusCode} {answer.ReasonPhrase} to the request for the package.");
            }
            answer.EnsureSuccessStatusCode();
            var resumed = answer.StatusCode == HttpStatusCode.PartialContent && answer.Content.Headers.ContentRange?.From == have;
            if (!resumed) file.SetLength(0);
            await using var body = await answer.Content.ReadAsStreamAsync(stall.Token);
            var buffer = new byte[128 * 1024];
            while (true)
            {
                stall.CancelAfter(options.DownloadStall);
                var count = await body.ReadAsync(buffer, stall.Token);
                if (count == 0) break;
                if (file.Position + count > wanted.Bytes) throw TooLong(file, wanted);
                await file.WriteAsync(buffer.AsMemory(0, count), cancellation);
            }
        }
        file.Flush(flushToDisk: true);
        return file.Length == wanted.Bytes;
    }

    private static UpdateRefusedException TooLong(FileStream file, DesiredModel wanted)
    {
        file.SetLength(0);
        return new UpdateRefusedException($"The server sent more than the {wanted.Bytes} bytes the package is said to have.");
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4010, Level = LogLevel.Warning, Message = "Download attempt {Attempt} was interrupted: {Problem}")]
        public static partial void DownloadInterrupted(ILogger log, int attempt, string problem);
    }
}
