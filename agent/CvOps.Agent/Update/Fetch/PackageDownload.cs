using CvOps.Agent.Update.Fetch.Neighbours;
using CvOps.Agent.Update.Import;
using CvOps.Contracts;
using CvOps.Contracts.Packages.Chunks;
using CvOps.Contracts.Twin;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Update.Fetch;

/// <summary>
/// Brings a package to disk: what packages on this disk have in common with it is copied, the rest comes over HTTP, in ranges, from neighbours or the
/// server; without a chunk list all of it comes from the server. What has arrived stays on disk as <c>{digest}.partial</c>, so a broken connection or a
/// killed agent goes on with what it had. Says nothing of what the package is worth: that is the verifier's.
/// </summary>
internal sealed partial class PackageDownload(
    HttpClient http, ModelFolder folder, UpdateOptions options, TimeProvider time, ILogger<PackageDownload> log, SiteNeighbours? neighbours = null)
{
    /// <summary>Left free on the disk for the spool and the system, in bytes.</summary>
    private const long ReserveBytes = 64L * 1024 * 1024;

    /// <summary>A wrong chunk may be an accident on the way; the second says that list or file is wrong.</summary>
    private const int MismatchesBelieved = 2;

    /// <summary>How long a download whose link is over waits for the fleet's next document, which then interrupts it.</summary>
    private static readonly TimeSpan LinkPatience = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan LinkLook = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly RateLimit _limit = new(options.DownloadMegabytesPerSecond, time);
    private volatile FetchMeter? _meter;

    /// <summary>Whatever else this device fetches shares it.</summary>
    public RateLimit Limit => _limit;

    /// <summary>Of the package being fetched, or of the last one; null before the first. Safe from any thread.</summary>
    public FetchProgress? Progress => _meter?.Progress;

    /// <returns>The path of the whole file.</returns>
    /// <exception cref="UpdateRefusedException">It is too large, does not fit the disk, is not there, or did not come after the allowed attempts.</exception>
    /// <exception cref="LinkOverException">The address does not open any more.</exception>
    public async Task<string> FetchAsync(DesiredModel wanted, CancellationToken cancellation)
    {
        var target = folder.PathOf(wanted.Model.Digest);
        if (File.Exists(target) || await TakeImportedAsync(wanted.Model.Digest, target)) return target;
        if (wanted.Bytes is <= 0 or > Limits.PackageBytes)
        {
            throw new UpdateRefusedException($"The package is said to have {wanted.Bytes} bytes; a device takes 1 to {Limits.PackageBytes}.");
        }
        if (wanted.Url.IsFile) throw new UpdateRefusedException("The imported package is not on this disk any more, or not whole; import it again.");
        if (wanted.Url.Scheme is not ("http" or "https")) throw new UpdateRefusedException($"The package address has the scheme '{wanted.Url.Scheme}'; a device fetches over http or https.");

        var meter = _meter = new FetchMeter(wanted.Model.Digest, wanted.Bytes, time, log);
        var partial = folder.PartialOf(wanted.Model.Digest);
        await InAttemptsAsync(wanted, partial, meter, cancellation);
        File.Move(partial, target, overwrite: true);
        DurableFile.SyncFolder(folder.Root);
        meter.Present(wanted.Bytes);
        meter.Say();
        return target;
    }

    /// <returns>True when a person brought the package, and it is whole.</returns>
    private async Task<bool> TakeImportedAsync(string digest, string target)
    {
        var imported = ImportFolder.PathOf(folder.Data, digest);
        if (!File.Exists(imported) || await FileDigest.OfAsync(imported) != digest) return false;
        File.Move(imported, target, overwrite: true);
        DurableFile.SyncFolder(folder.Root);
        return true;
    }

    private async Task InAttemptsAsync(DesiredModel wanted, string partial, FetchMeter meter, CancellationToken cancellation)
    {
        var whole = new WholeDownload(http, options, _limit);
        var (inChunks, mismatches, wait) = (true, 0, FirstWait);
        var began = time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            var before = meter.Progress.Present;
            string problem;
            try
            {
                var list = inChunks ? await new ChunkListFetch(http, folder, options, log).FetchAsync(wanted, meter, cancellation) : null;
                if (list is not null)
                {
                    if (await AssembleAsync(wanted, list, partial, meter, cancellation)) return;
                    mismatches = MismatchesBelieved;
                    problem = "the listed chunks do not make the package";
                }
                else
                {
                    RequireSpace(wanted.Bytes - (File.Exists(partial) ? new FileInfo(partial).Length : 0));
                    if (await whole.AttemptAsync(wanted, partial, meter, cancellation)) return;
                    problem = "the server ended the answer early";
                }
            }
            catch (LinkOverException e) when (time.GetElapsedTime(began) < LinkPatience)
            {
                // A device that was away for long holds an old address. The fleet hears that it waits, and sends the same wish with a fresh one.
                Log.LinkIsOver(log, e.Message);
                await Task.Delay(LinkLook, time, cancellation);
                attempt--;
                continue;
            }
            catch (ChunkMismatchException e)
            {
                mismatches++;
                problem = e.Message;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !cancellation.IsCancellationRequested)
            {
                problem = e is OperationCanceledException ? $"nothing arrived for {options.DownloadStall.TotalSeconds:0} s" : e.Message.TrimEnd('.');
            }
            if (inChunks && mismatches > 0)
            {
                attempt--;
                if (mismatches < MismatchesBelieved) continue;
                inChunks = false;
                ForgetChunks(wanted, partial);
                Log.ChunksGivenUp(log, wanted.Model.Digest, problem);
                continue;
            }
            // Only attempts that bring nothing count: a long way with many breaks is still a way.
            if (meter.Progress.Present > before) (attempt, wait) = (1, FirstWait);
            if (attempt >= options.DownloadAttempts) throw new UpdateRefusedException($"The package could not be fetched in {attempt} attempts: {problem}.");
            Log.DownloadInterrupted(log, attempt, problem);
            await Task.Delay(wait, time, cancellation);
            wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
        }
    }

    /// <returns>False when the chunks are all there and are not the package: the list lied.</returns>
    private async Task<bool> AssembleAsync(DesiredModel wanted, ChunkList list, string partial, FetchMeter meter, CancellationToken cancellation)
    {
        using (var assembly = new PackageAssembly(partial, list))
        {
            await LowPriority.RunAsync("look for chunks", () =>
            {
                assembly.Recheck(cancellation);
                RequireSpace(list.Bytes - assembly.PresentBytes);
                meter.Reused(LocalReuse.Run(assembly, folder.Packages, log, cancellation));
                return true;
            });
            meter.Present(assembly.PresentBytes);
            using var share = neighbours?.Join(assembly);
            await new ChunkDownload(http, options, _limit, time).RunAsync(wanted, assembly, share, meter, cancellation);
            assembly.Flush();
        }
        return await FileDigest.OfAsync(partial) == wanted.Model.Digest;
    }

    private void ForgetChunks(DesiredModel wanted, string partial)
    {
        File.Delete(partial);
        File.Delete(folder.ChunksOf(wanted.Model.Digest));
    }

    private void RequireSpace(long missing)
    {
        var free = new DriveInfo(folder.Root).AvailableFreeSpace;
        if (free >= missing + ReserveBytes) return;
        throw new UpdateRefusedException($"The disk of '{folder.Root}' has {free / 1048576} MB free and the package needs {(missing + ReserveBytes) / 1048576} MB; make room.");
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4010, Level = LogLevel.Warning, Message = "Download attempt {Attempt} was interrupted: {Problem}")]
        public static partial void DownloadInterrupted(ILogger log, int attempt, string problem);

        [LoggerMessage(EventId = 4044, Level = LogLevel.Warning, Message = "The download waits for a fresh link: {Reason}")]
        public static partial void LinkIsOver(ILogger log, string reason);

        [LoggerMessage(EventId = 4043, Level = LogLevel.Warning, Message = "The chunks of package {Package} are given up ({Problem}); it is fetched whole")]
        public static partial void ChunksGivenUp(ILogger log, string package, string problem);
    }
}
