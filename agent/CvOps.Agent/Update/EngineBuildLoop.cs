using CvOps.Agent.Inference;
using CvOps.Vision;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Update;

/// <summary>
/// Builds the TensorRT engine of the model in charge on one low-priority thread, while the provider it came with serves, and says how long it has
/// been at it. The engine takes over between two frames when it passed the golden vectors. One attempt a model and start.
/// </summary>
/// <param name="wants">Whether a model would be faster with an engine.</param>
/// <param name="build">Builds and tries it; null when this machine can't.</param>
internal sealed partial class EngineBuildLoop(ModelSlots slots, Func<LoadedModel, bool> wants, Func<LoadedModel, ModelSession?> build, TimeProvider time, ILogger<EngineBuildLoop> log) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SpeakEvery = TimeSpan.FromSeconds(30);

    private readonly HashSet<string> _tried = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                if (slots.Active is { } model && wants(model) && _tried.Add(model.Ref.Digest)) await BuildAsync(model, stoppingToken);
                await Task.Delay(LookEvery, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping. A build can't be interrupted; it dies with the process, and its timing cache makes the next one shorter.
        }
    }

    private async Task BuildAsync(LoadedModel model, CancellationToken stopping)
    {
        var (name, version, provider) = (model.Ref.Name, model.Ref.Version, model.Session.Provider);
        var started = time.GetTimestamp();
        Log.Building(log, name, version, provider);
        try
        {
            var building = LowPriority.RunAsync("build engine", () => build(model));
            while (await Task.WhenAny(building, Task.Delay(SpeakEvery, time, stopping)) != building)
            {
                stopping.ThrowIfCancellationRequested();
                var soFar = (int)time.GetElapsedTime(started).TotalSeconds;
                Log.StillBuilding(log, name, version, soFar, provider);
            }
            if (await building is not { } session)
            {
                Log.NotToBeHad(log, name, version, provider);
                return;
            }
            // Meanwhile another model may have taken charge, and this one may be gone.
            var took = (int)time.GetElapsedTime(started).TotalSeconds;
            if (slots.TryUpgrade(model, session)) Log.Built(log, name, version, took, session.Provider);
            else session.Dispose();
        }
        catch (Exception e) when (e is UpdateRefusedException or ModelException or IOException or UnauthorizedAccessException)
        {
            Log.Refused(log, name, version, e.Message, provider);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4070, Level = LogLevel.Information, Message = "Building a TensorRT engine for {Name} {Version}, which takes minutes; {Provider} serves meanwhile")]
        public static partial void Building(ILogger log, string name, string version, string provider);

        [LoggerMessage(EventId = 4071, Level = LogLevel.Information, Message = "The TensorRT engine for {Name} {Version} has been building for {Seconds} s; {Provider} serves meanwhile")]
        public static partial void StillBuilding(ILogger log, string name, string version, int seconds, string provider);

        [LoggerMessage(EventId = 4072, Level = LogLevel.Information, Message = "The TensorRT engine for {Name} {Version} was built in {Seconds} s and is in charge: {Provider}")]
        public static partial void Built(ILogger log, string name, string version, int seconds, string provider);

        [LoggerMessage(EventId = 4073, Level = LogLevel.Warning, Message = "TensorRT can't be had for {Name} {Version} on this machine; it stays on {Provider}")]
        public static partial void NotToBeHad(ILogger log, string name, string version, string provider);

        [LoggerMessage(EventId = 4074, Level = LogLevel.Warning, Message = "The TensorRT engine for {Name} {Version} is not used: {Reason} It stays on {Provider}")]
        public static partial void Refused(ILogger log, string name, string version, string reason, string provider);
    }
}
