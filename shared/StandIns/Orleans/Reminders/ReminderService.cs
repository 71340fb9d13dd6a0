using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.Reminders;

/// <summary>
/// Delivers reminders. Ticks lie on the grid StartAt + n x Period. A tick that came due while the silo was down is
/// delivered once, soon after the start; after that the grid goes on. A reminder's next tick waits for the end of this one.
/// </summary>
internal sealed partial class ReminderService(
    IReminderTable table, IServiceProvider services, IOptions<ReminderOptions> options, ILogger<ReminderService> log) : IDisposable
{
    private readonly TimeProvider _time = services.GetKeyedService<TimeProvider>(ReminderTimeProviderNames.Reminders)
        ?? services.GetRequiredService<TimeProvider>();

    private readonly Dictionary<(GrainId, string), Scheduled> _scheduled = [];
    private readonly Lock _gate = new();
    private Silo? _silo;

    /// <summary>Reads what is stored and starts delivering it.</summary>
    public async Task Start(Silo silo)
    {
        var entries = await table.ReadAll();
        lock (_gate)
        {
            _silo = silo;
            foreach (var entry in entries) Schedule(entry);
        }
    }

    /// <summary>Delivers nothing more. A delivery that is under way goes on.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _silo = null;
            foreach (var scheduled in _scheduled.Values) scheduled.Timer?.Dispose();
            _scheduled.Clear();
        }
    }

    public void Dispose() => Stop();

    public async Task<IGrainReminder> RegisterOrUpdate(GrainId grain, string name, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime < TimeSpan.Zero) throw new ArgumentOutOfRangeException(nameof(dueTime), "Cannot use negative or infinite dueTime to create a reminder");
        if (period <= TimeSpan.Zero) throw new ArgumentOutOfRangeException(nameof(period), "Cannot use a negative, zero or infinite period to create a reminder");
        var minimum = options.Value.MinimumReminderPeriod;
        if (period < minimum)
            throw new ArgumentException($"Cannot register reminder {name} as requested period ({period}) is less than minimum allowed reminder period ({minimum})");

        var entry = new ReminderEntry(grain, name, _time.GetUtcNow().UtcDateTime + dueTime, period, null, Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture));
        await table.Upsert(entry);
        lock (_gate) Schedule(entry);
        return new Reminder(name, entry.Etag);
    }

    public async Task Unregister(GrainId grain, IGrainReminder reminder)
    {
        await table.Remove(grain, reminder.ReminderName);
        lock (_gate)
        {
            if (_scheduled.Remove((grain, reminder.ReminderName), out var scheduled)) scheduled.Timer?.Dispose();
        }
    }

    public Task<IGrainReminder?> Get(GrainId grain, string name)
    {
        lock (_gate)
        {
            return Task.FromResult<IGrainReminder?>(_scheduled.TryGetValue((grain, name), out var found) ? new Reminder(name, found.Entry.Etag) : null);
        }
    }

    public Task<List<IGrainReminder>> GetAll(GrainId grain)
    {
        lock (_gate)
        {
            return Task.FromResult(_scheduled.Values.Where(scheduled => scheduled.Entry.Grain == grain)
                .Select(IGrainReminder (scheduled) => new Reminder(scheduled.Entry.Name, scheduled.Entry.Etag)).ToList());
        }
    }

    /// <summary>When a reminder is due next, seen from <paramref name="now"/>; in the past if a tick was missed.</summary>
    internal static DateTime NextTick(ReminderEntry entry, DateTime now)
    {
        if (now < entry.StartAt) return entry.StartAt;
        var newestDue = entry.StartAt + TimeSpan.FromTicks((now - entry.StartAt).Ticks / entry.Period.Ticks * entry.Period.Ticks);
        // A tick of a later time was delivered before the clock was set back: waiting for that time would silence the reminder.
        return entry.LastTick is { } last && last >= newestDue && last < newestDue + entry.Period ? newestDue + entry.Period : newestDue;
    }

    private void Schedule(ReminderEntry entry)
    {
        if (_silo is null) return;
        var key = (entry.Grain, entry.Name);
        if (_scheduled.TryGetValue(key, out var old)) old.Timer?.Dispose();
        var scheduled = new Scheduled(entry);
        _scheduled[key] = scheduled;
        Arm(scheduled);
    }

    private void Arm(Scheduled scheduled)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        var wait = NextTick(scheduled.Entry, now) - now;
        if (wait < TimeSpan.Zero) wait = TimeSpan.Zero;
        if (wait > LongestTimer) wait = LongestTimer;
        using (ExecutionContext.SuppressFlow())
        {
            scheduled.Timer?.Dispose();
            scheduled.Timer = _time.CreateTimer(_ => _ = Deliver(scheduled), null, wait, Timeout.InfiniteTimeSpan);
        }
    }

    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(30);

    private async Task Deliver(Scheduled scheduled)
    {
        var entry = scheduled.Entry;
        Silo? silo;
        lock (_gate)
        {
            silo = IsCurrent(scheduled) ? _silo : null;
        }

        if (silo is null) return;
        var now = _time.GetUtcNow().UtcDateTime;
        try
        {
            if (NextTick(entry, now) <= now)
            {
                var grain = (IRemindable)silo.References.Get(typeof(IRemindable), entry.Grain);
                await grain.ReceiveReminder(entry.Name, new TickStatus(entry.StartAt, entry.Period, now));
            }
        }
        catch (Exception e)
        {
            // The grain gets the next tick; nobody else waits for this one.
            Log.TickFailed(log, e, entry.Name, entry.Grain);
        }

        try
        {
            // Counted from the end: what came due while the grain was busy with this tick is not delivered on top.
            if (NextTick(entry, now) <= now)
            {
                scheduled.Entry = entry = entry with { LastTick = _time.GetUtcNow().UtcDateTime };
                await table.Ticked(entry);
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or Microsoft.Data.Sqlite.SqliteException)
        {
            // At worst the tick is delivered again after a restart.
            Log.TickNotNoted(log, e, entry.Name, entry.Grain);
        }

        lock (_gate)
        {
            if (IsCurrent(scheduled)) Arm(scheduled);
        }
    }

    private bool IsCurrent(Scheduled scheduled) =>
        _scheduled.TryGetValue((scheduled.Entry.Grain, scheduled.Entry.Name), out var current) && ReferenceEquals(current, scheduled);

    private sealed class Scheduled(ReminderEntry entry)
    {
        public ReminderEntry Entry { get; set; } = entry;

        public ITimer? Timer { get; set; }
    }

    private sealed record Reminder(string ReminderName, string Etag) : IGrainReminder;

    private static partial class Log
    {
        [LoggerMessage(EventId = 9021, Level = LogLevel.Error, Message = "Reminder {Name} of {Grain} failed; its next tick is unaffected")]
        public static partial void TickFailed(ILogger log, Exception exception, string name, GrainId grain);

        [LoggerMessage(EventId = 9022, Level = LogLevel.Warning, Message = "The tick of reminder {Name} of {Grain} could not be noted")]
        public static partial void TickNotNoted(ILogger log, Exception exception, string name, GrainId grain);
    }
}
