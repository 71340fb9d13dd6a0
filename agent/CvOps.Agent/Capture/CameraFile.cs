using System.Runtime.InteropServices;
using CvOps.Agent.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Capture;

/// <summary>
/// Follows the configuration file: reads it again when it changes, or at once on SIGHUP. A file with mistakes changes nothing and says why.
/// </summary>
/// <param name="changed">Told of a file without mistakes, and then sees to the cameras; null: they are changed here.</param>
internal sealed partial class CameraFile(string path, CameraSet cameras, TimeProvider time, ILogger<CameraFile> logger, Action? changed = null) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _asked = new(0);

    /// <summary>Reads the file now.</summary>
    /// <returns>False when it has mistakes; the cameras are as they were.</returns>
    internal async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<CameraOptions> wanted;
        try
        {
            wanted = ConfigurationFile.Load(path).Cameras;
        }
        catch (ConfigurationException e)
        {
            Log.FileRefused(logger, path, string.Join("; ", e.Mistakes));
            return false;
        }
        if (changed is null) await cameras.ChangeToAsync(wanted, cancellationToken);
        else changed();
        return true;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            _asked.Release();
        });
        var seen = Stamp();
        try
        {
            while (true)
            {
                var asked = await AskedAsync(stoppingToken);
                var now = Stamp();
                if (!asked && now == seen) continue;
                seen = now;
                await ReadAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    /// <summary>True when somebody asked, false when it is time to look.</summary>
    private async Task<bool> AskedAsync(CancellationToken stopping)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var timer = time.CreateTimer(_ => patience.Cancel(), null, Look, Timeout.InfiniteTimeSpan);
        try
        {
            await _asked.WaitAsync(patience.Token);
            return true;
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    private (DateTime, long) Stamp()
    {
        var file = new FileInfo(path);
        return file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
    }

    private static partial class Log
    {
        [LoggerMessage(1012, LogLevel.Error, "The configuration {Path} has changed and has mistakes; the cameras stay as they are: {Mistakes}")]
        public static partial void FileRefused(ILogger logger, string path, string mistakes);
    }
}
