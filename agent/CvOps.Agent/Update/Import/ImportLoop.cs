using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Update.Import;

/// <summary>Looks once a second whether a person brought a package, and hands it to the update as the fleet's wishes are.</summary>
internal sealed partial class ImportLoop(ImportFolder folder, UpdateLoop update, TimeProvider time, ILogger<ImportLoop> log) : BackgroundService
{
    public static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(Look, time);
        try
        {
            do await LookAsync(stoppingToken);
            while (await tick.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping; a wish that was not taken stays for the next start.
        }
    }

    private async Task LookAsync(CancellationToken stopping)
    {
        try
        {
            if (folder.Wanted() is not { } wanted) return;
            Log.PackageWasBrought(log, wanted.Model.Name, wanted.Model.Version);
            // Taken back only when the journal has it: a power cut in between must not lose what a person was told.
            await update.WantImported(wanted).WaitAsync(stopping);
            folder.Taken();
        }
        catch (JsonException e)
        {
            Log.WishUnreadable(log, folder.WantedPath, e.Message);
            folder.Taken();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.FolderRefused(log, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4060, Level = LogLevel.Information, Message = "The package of {Name} {Version} was imported by hand")]
        public static partial void PackageWasBrought(ILogger log, string name, string version);

        [LoggerMessage(EventId = 4061, Level = LogLevel.Warning, Message = "{Path} is not what 'cvops-agent import' writes and is removed: {Reason}")]
        public static partial void WishUnreadable(ILogger log, string path, string reason);

        [LoggerMessage(EventId = 4062, Level = LogLevel.Warning, Message = "Imported packages cannot be looked for; trying again: {Reason}")]
        public static partial void FolderRefused(ILogger log, string reason);
    }
}
