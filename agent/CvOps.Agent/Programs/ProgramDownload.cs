using CvOps.Agent.Update;
using CvOps.Agent.Update.Fetch;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Programs;

/// <summary>
/// Brings a program package to disk over HTTP, at the rate that model packages share. What has arrived stays as <c>{digest}.partial</c>, so a broken connection or a killed
/// agent goes on with what it had. Says nothing of what the package is worth: that is the verifier's.
/// </summary>
internal sealed partial class ProgramDownload(HttpClient http, ProgramFolder folder, UpdateOptions options, RateLimit limit, TimeProvider time, ILogger<ProgramDownload> log)
{
    /// <summary>Left free on the disk for the spool and the system, in bytes.</summary>
    public const long ReserveBytes = 64L * 1024 * 1024;

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>How long a download whose link is over waits for the fleet's next document, which then interrupts it.</summary>
    private static readonly TimeSpan LinkPatience = TimeSpan.FromMinutes(10);

    /// <param name="progressed">Told the bytes that are here, often.</param>
    /// <exception cref="UpdateRefusedException">It is too large, does not fit the disk, is not there, or did not come after the allowed attempts.</exception>
    /// <exception cref="LinkOverException">The address does not open any more, nor did a fresh one come.</exception>
    public async Task FetchAsync(DesiredProgram wanted, Action<long> progressed, CancellationToken cancellation)
    {
        var target = folder.PackageOf(wanted.Digest);
        if (File.Exists(target) && await FileDigest.OfAsync(target) == wanted.Digest) return;
        if (wanted.Bytes is <= 0 or > Limits.ProgramPackageBytes) throw new UpdateRefusedException($"The program package is said to have {wanted.Bytes} bytes; a device takes 1 to {Limits.ProgramPackageBytes}.");
        if (wanted.Url.IsFile) throw new UpdateRefusedException("The imported program is not on this disk any more, or not whole; import it again.");
        if (wanted.Url.Scheme is not ("http" or "https")) throw new UpdateRefusedException($"The program's address has the scheme '{wanted.Url.Scheme}'; a device fetches over http or https.");
        Directory.CreateDirectory(folder.Root);
        var partial = folder.PartialOf(wanted.Digest);
        // The model's own way to fetch a package in one piece: to it, a digest at an address is one.
        var asked = new DesiredModel(new ModelRef("cvops-agent", wanted.Version, wanted.Digest), null, wanted.Url, wanted.Bytes, false);
        var (whole, meter) = (new WholeDownload(http, options, limit), new FetchMeter(wanted.Digest, wanted.Bytes, time, log));
        using var ticks = time.CreateTimer(_ => progressed(meter.Progress.Present), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        var (wait, began) = (FirstWait, time.GetTimestamp());
        for (var attempt = 1; ; attempt++)
        {
            var before = meter.Progress.Present;
            string problem;
            try
            {
                RequireSpace(folder, wanted.Bytes - (File.Exists(partial) ? new FileInfo(partial).Length : 0));
                if (await whole.AttemptAsync(asked, partial, meter, cancellation)) break;
                problem = "the server ended the answer early";
            }
            catch (LinkOverException e) when (time.GetElapsedTime(began) < LinkPatience)
            {
                (problem, attempt) = (e.Message.TrimEnd('.'), 0);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !cancellation.IsCancellationRequested)
            {
                problem = e is OperationCanceledException ? $"nothing arrived for {options.DownloadStall.TotalSeconds:0} s" : e.Message.TrimEnd('.');
            }
            // Only attempts that bring nothing count: a long way with many breaks is still a way.
            if (meter.Progress.Present > before) (attempt, wait) = (1, FirstWait);
            if (attempt >= options.DownloadAttempts) throw new UpdateRefusedException($"The program could not be fetched in {attempt} attempts: {problem}.");
            Log.DownloadInterrupted(log, attempt, problem);
            await Task.Delay(wait, time, cancellation);
            wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
        }
        DurableFile.Replace(partial, target);
    }

    /// <param name="missing">Bytes to come.</param>
    /// <exception cref="UpdateRefusedException">There is no room for them.</exception>
    public static void RequireSpace(ProgramFolder folder, long missing)
    {
        var free = new DriveInfo(folder.Root).AvailableFreeSpace;
        if (free < missing + ReserveBytes) throw new UpdateRefusedException($"The disk of '{folder.Root}' has {free / 1048576} MB free and the program needs {(missing + ReserveBytes) / 1048576} MB; make room.");
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4110, Level = LogLevel.Warning, Message = "Download attempt {Attempt} of the program was interrupted: {Problem}")]
        public static partial void DownloadInterrupted(ILogger log, int attempt, string problem);
    }
}
