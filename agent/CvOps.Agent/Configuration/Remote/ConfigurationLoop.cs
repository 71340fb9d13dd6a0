using CvOps.Contracts;
using CvOps.Contracts.Twin;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Configuration.Remote;

/// <summary>
/// Brings the device to the configuration the desired twin names, by the table of <see cref="ConfigurationMachine"/>. Each state is in the journal
/// before its step is taken. The only writer of the journal; others leave a wish, or say that the file has changed.
/// </summary>
internal sealed partial class ConfigurationLoop(
    ConfigurationJournal journal, string path, LiveSettings live, FrameRates rates, TimeProvider time, ILogger<ConfigurationLoop> log, ConfigurationTimes? patience = null) : BackgroundService
{
    private static readonly TimeSpan DiskPause = TimeSpan.FromSeconds(2);

    private readonly ConfigurationTimes _times = patience ?? new ConfigurationTimes();
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private TwinDesired? _desired;
    private bool _fileChanged = true;
    private Dictionary<CameraId, double> _before = [];

    /// <summary>Raised after every change of <see cref="Report"/>, on the loop's thread.</summary>
    public event Action? Changed;

    /// <summary>The configuration's part of the reported twin, as it is now.</summary>
    public ReportedConfiguration Report
    {
        get
        {
            var now = journal.Current;
            return new ReportedConfiguration
            {
                State = now.State,
                Active = now.InForce?.Digest,
                Previous = now.State == ConfigurationState.Soaking ? now.Active?.Digest : now.Previous?.Digest,
                Target = now.Target?.Digest,
                Reason = now.Reason,
                Since = now.Since,
            };
        }
    }

    /// <summary>Text in force over the device's file; null when that is all.</summary>
    public string? Settings => journal.Current.InForce?.Settings;

    /// <summary>Takes note of what the cloud wants. Safe from any thread, returns at once.</summary>
    public void Want(TwinDesired desired)
    {
        lock (_gate) _desired = desired;
        Wake();
    }

    /// <summary>The device's own file has changed and has no mistakes.</summary>
    public void FileChanged()
    {
        lock (_gate) _fileChanged = true;
        Wake();
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        var now = journal.Current;
        if (now.State is not (ConfigurationState.Applying or ConfigurationState.Soaking)) return;
        try
        {
            // Told to stop is not died.
            journal.Save(now with { Deaths = now.Deaths - 1 });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.JournalRefused(log, e.Message);
        }
    }

    public override void Dispose()
    {
        _wake.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (journal.Problem is { } problem) Log.JournalUnusable(log, problem);
        try
        {
            while (true)
            {
                var (fileChanged, desired) = (false, (TwinDesired?)null);
                try
                {
                    if (fileChanged = TakeFileChange()) await FollowFileAsync(stoppingToken);
                    else if (ConfigurationMachine.IsBusy(journal.Current.State)) await StepAsync(journal.Current, stoppingToken);
                    else if ((desired = Take()) is not null) Consider(desired);
                    else await _wake.WaitAsync(stoppingToken);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    GiveBack(fileChanged, desired);
                    Log.JournalRefused(log, e.Message);
                    await Task.Delay(DiskPause, time, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping; the journal knows where to go on.
        }
    }

    /// <summary>What a person has changed in the file takes effect, and has the last word on whether the fleet's settings count at all.</summary>
    private async Task FollowFileAsync(CancellationToken stopping)
    {
        var now = journal.Current;
        EffectiveOptions own;
        try
        {
            own = EffectiveOptions.OfFile(ConfigurationFile.Text(path));
        }
        catch (ConfigurationException)
        {
            return;     // whoever reads the file for its cameras says so
        }
        if (!own.Options.FleetSettings)
        {
            if (now.State != ConfigurationState.Overruled)
                Enter(ConfigurationEvent.Overruled, now with { Previous = now.Active ?? now.Previous, Active = null, Reason = "A person at the device has written 'fleet-settings: false' into its file.", Deaths = 0 });
            await live.ChangeToAsync(own, stopping);
            return;
        }
        if (now.State == ConfigurationState.Overruled)
        {
            await live.ChangeToAsync(own, stopping);
            Decide(now, now.Wanted, ConfigurationEvent.Allowed);
            return;
        }
        var next = own;
        try
        {
            next = EffectiveOptions.Of(ConfigurationFile.Text(path), now.InForce?.Settings);
        }
        catch (ConfigurationException e)
        {
            Enter(ConfigurationEvent.Mistaken, now with { Active = null, Previous = now.InForce, Target = now.InForce, Reason = $"The device's own file has changed, and the settings no longer go together with it:\n{Lines(e)}" });
        }
        await live.ChangeToAsync(next, stopping);
    }

    private void Consider(TwinDesired desired)
    {
        var (now, wanted) = (journal.Current, desired.Configuration);
        // The same order again, on a document that is about something else: what came of it stands.
        if ((wanted?.Digest, wanted?.Rollout, wanted?.Attempt) == (now.Wanted?.Digest, now.Wanted?.Rollout, now.Wanted?.Attempt)) return;
        now = now with { Wanted = wanted };
        if (now.State == ConfigurationState.Overruled)
        {
            journal.Save(now with { Target = wanted });
            Changed?.Invoke();
            return;
        }
        Decide(now, wanted, null);
    }

    /// <param name="otherwise">What happens when there is nothing to change; null for nothing.</param>
    private void Decide(ConfigurationRecord now, DesiredConfiguration? wanted, ConfigurationEvent? otherwise)
    {
        now = now with { Target = wanted, Reason = null, Deaths = 0 };
        if (wanted?.Digest == now.Active?.Digest)
        {
            if (otherwise is { } what)
            {
                Enter(what, now);
                return;
            }
            // In force already, under whatever order: what was refused or rolled back since is no longer wanted.
            var state = now.Active is null ? ConfigurationState.None : ConfigurationState.Committed;
            journal.Save(now with { Active = wanted, State = state, Since = state == now.State ? now.Since : time.GetUtcNow() });
            Changed?.Invoke();
            return;
        }
        if (Problem(wanted) is { } problem) Enter(ConfigurationEvent.Mistaken, now with { Reason = problem });
        else Enter(ConfigurationEvent.Wanted, now);
    }

    /// <summary>Every mistake, a line each; null when it may be tried.</summary>
    private string? Problem(DesiredConfiguration? wanted)
    {
        if (wanted is not null && DesiredConfiguration.DigestOf(wanted.Settings) is { } digest && digest != wanted.Digest)
            return $"The settings' digest is {digest}, not {wanted.Digest}: they are others or were altered on the way.";
        try
        {
            _ = EffectiveOptions.Of(ConfigurationFile.Text(path), wanted?.Settings);
            return null;
        }
        catch (ConfigurationException e)
        {
            return Lines(e);
        }
    }

    private async Task StepAsync(ConfigurationRecord now, CancellationToken stopping)
    {
        switch (now.State)
        {
            case ConfigurationState.Applying:
                await ApplyAsync(now, stopping);
                break;
            case ConfigurationState.Soaking:
                await SoakAsync(now, stopping);
                break;
            default:
                await live.ChangeToAsync(EffectiveOptions.Start(ConfigurationFile.Text(path), now.Active), stopping);
                Enter(ConfigurationEvent.Done, now);
                break;
        }
    }

    private async Task ApplyAsync(ConfigurationRecord now, CancellationToken stopping)
    {
        // With the deaths counted at the start: one from here on has to find them.
        if (now.Deaths > 0) journal.Save(now);
        EffectiveOptions next;
        try
        {
            next = EffectiveOptions.Of(ConfigurationFile.Text(path), now.Target?.Settings);
        }
        catch (ConfigurationException e)
        {
            // The file has changed since.
            Enter(ConfigurationEvent.Mistaken, now with { Reason = Lines(e) });
            return;
        }
        rates.Look(_times.Measure);
        await Task.Delay(_times.Measure, time, stopping);
        rates.Look(_times.Measure);
        _before = live.Now.Cameras.ToDictionary(camera => camera.Id, camera => rates.Of(camera.Id));
        // The journal first: a death from here on is this configuration's.
        Enter(ConfigurationEvent.Done, now);
        await live.ChangeToAsync(next, stopping);
    }

    private async Task SoakAsync(ConfigurationRecord now, CancellationToken stopping)
    {
        var began = time.GetTimestamp();
        while (!HasFileChange())
        {
            rates.Look(_times.Measure);
            var seen = live.Now.Cameras.Select(camera => new CameraSeen(camera.Id, rates.IsOver(camera.Id) ? 0 : _before.GetValueOrDefault(camera.Id), rates.Of(camera.Id), camera.Rate, camera.ConnectTimeout)).ToArray();
            var (passed, reason) = ConfigurationGate.Decide(seen, time.GetElapsedTime(began), _times);
            if (passed == true)
            {
                Enter(now.Target is null ? ConfigurationEvent.DoneWithFile : ConfigurationEvent.Done, now with { Active = now.Target, Previous = now.Active, Deaths = 0 });
                return;
            }
            if (passed == false)
            {
                Enter(ConfigurationEvent.Broke, now with { Reason = reason });
                return;
            }
            await Task.Delay(_times.Look, time, stopping);
        }
    }

    private void Enter(ConfigurationEvent what, ConfigurationRecord next)
    {
        var state = ConfigurationMachine.Next(journal.Current.State, what);
        journal.Save(next with { State = state, Since = time.GetUtcNow() });
        Log.ConfigurationEntered(log, state, next.Target?.Digest ?? "the device's own file", next.Reason ?? "");
        Changed?.Invoke();
    }

    private TwinDesired? Take()
    {
        lock (_gate)
        {
            var next = _desired;
            _desired = null;
            return next;
        }
    }

    private bool TakeFileChange()
    {
        lock (_gate)
        {
            var changed = _fileChanged;
            _fileChanged = false;
            return changed;
        }
    }

    /// <summary>What was taken and could not be written down is still to be done, unless something newer has come.</summary>
    private void GiveBack(bool fileChanged, TwinDesired? desired)
    {
        lock (_gate)
        {
            _fileChanged |= fileChanged;
            _desired ??= desired;
        }
    }

    private bool HasFileChange()
    {
        lock (_gate) return _fileChanged;
    }

    private void Wake()
    {
        lock (_gate)
        {
            if (_wake.CurrentCount == 0) _wake.Release();
        }
    }

    private static string Lines(ConfigurationException e) => string.Join('\n', e.Mistakes);

    private static partial class Log
    {
        [LoggerMessage(EventId = 4100, Level = LogLevel.Information, Message = "Configuration is {State}: {Digest} {Reason}")]
        public static partial void ConfigurationEntered(ILogger log, ConfigurationState state, string digest, string reason);

        [LoggerMessage(EventId = 4101, Level = LogLevel.Error, Message = "The state of the configuration cannot be written, so it can't change; trying again: {Reason}")]
        public static partial void JournalRefused(ILogger log, string reason);

        [LoggerMessage(EventId = 4102, Level = LogLevel.Error, Message = "{Problem}")]
        public static partial void JournalUnusable(ILogger log, string problem);
    }
}
