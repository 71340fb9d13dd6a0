using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Rollouts.Planning;

namespace CvOps.Fleet.Rollouts;

/// <summary>
/// Tells the devices of one rollout what to take and what to take back, a batch at a time, each batch in one transaction (<see cref="OrderBatch"/>). Returns
/// wait for the batch that is out.
/// </summary>
internal sealed partial class RolloutOrderLoop : IAsyncDisposable
{
    /// <summary>Devices of one transaction.</summary>
    public const int Batch = 1000;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly string _id;
    private readonly RolloutStore _store;
    private readonly DeviceOrders _orders;
    private readonly OrderBatch _batch;
    private readonly RingPace _pace;
    private readonly RolloutSignals _signals;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _ends = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly Dictionary<string, DesiredModel?> _models = [];
    private readonly Dictionary<string, DesiredConfiguration?> _settings = [];
    private RolloutRow? _rollout;
    private volatile OrderPlan? _plan;
    private volatile OrderWord _word = OrderWord.None;
    private volatile bool _mayAssign;
    /// <summary>Comparisons: 0 go on, 1 are to end, 2 have ended.</summary>
    private int _ending;
    private readonly Task _runs;
    private Task? _ended;
    private long _looked;

    public RolloutOrderLoop(string id, RolloutStore store, DeviceOrders orders, OrderBatch batch, ShiftStore shifts, RolloutSignals signals, TimeProvider time, ILogger log)
    {
        (_id, _store, _orders, _batch, _signals, _time, _log) = (id, store, orders, batch, signals, time, log);
        _pace = new RingPace(id, store, shifts, time);
        _runs = RunAsync();
    }

    public OrderWord Word => _word;

    public void Go(OrderPlan plan)
    {
        var before = _plan;
        var news = before is null || (before.State, before.Ring, before.RingSince) != (plan.State, plan.Ring, plan.RingSince);
        // What was found out belongs to the state it was found in.
        if (news) _word = OrderWord.None;
        _plan = plan;
        // Who is told after a retry compares anew.
        if (plan.State != RolloutState.Soaking) Volatile.Write(ref _ending, 0);
        _mayAssign = RolloutMachine.MayAssign(plan.State) || plan.State == RolloutState.Soaking;
        if (news || _time.GetElapsedTime(Volatile.Read(ref _looked)) > LookEvery) Wake();
    }

    public void Hold() => _mayAssign = false;

    public bool ComparisonsEnded()
    {
        if (Volatile.Read(ref _ending) == 2) return true;
        Volatile.Write(ref _ending, 1);
        Wake();
        return false;
    }

    /// <summary>Returns when the batch that is out has ended, however often it is called.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_wake) return new ValueTask(_ended ??= EndAsync());
    }

    private async Task EndAsync()
    {
        _mayAssign = false;
        await _ends.CancelAsync();
        await _runs;
        _wake.Dispose();
        _ends.Dispose();
    }

    private void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
        {
            // It is to look already, or never again.
        }
    }

    private async Task RunAsync()
    {
        // Not within the turn of the grain that begins it.
        await Task.Yield();
        while (!_ends.IsCancellationRequested)
        {
            try
            {
                await _wake.WaitAsync(_ends.Token);
                while (!_ends.IsCancellationRequested && await TurnAsync()) { }
                Volatile.Write(ref _looked, _time.GetTimestamp());
            }
            catch (OperationCanceledException) when (_ends.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Log.OrdersFailed(_log, _id, e);
                await Task.Delay(Pause, _time, _ends.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                Wake();
            }
        }
    }

    /// <returns>False when there is nothing more to do until something comes in.</returns>
    private async Task<bool> TurnAsync()
    {
        if (_plan is not { } plan || (_rollout ??= await _store.FindAsync(_id)) is not { } rollout) return false;
        switch (plan.State)
        {
            case RolloutState.Shadowing or RolloutState.Canary or RolloutState.Advancing: return await AssignAsync(rollout, plan);
            case RolloutState.Soaking when Volatile.Read(ref _ending) == 1:
                if (await ComparisonEnd.BatchAsync(_id, _store, _batch)) return true;
                Interlocked.CompareExchange(ref _ending, 2, 1);
                _signals.Mark([_id]);
                return false;
            case RolloutState.Soaking: return await AssignAsync(rollout, plan);
            case RolloutState.Stopping: return await ReturnAsync(rollout);
            default: return false;
        }
    }

    private async Task<bool> AssignAsync(RolloutRow rollout, OrderPlan plan)
    {
        var target = plan.State == RolloutState.Shadowing ? RolloutDeviceState.Shadowing : RolloutDeviceState.Assigned;
        var model = plan.Plan.Model is null ? null : await _orders.Prepare(plan.Model.Digest, _id);
        var settings = plan.Plan.Model is null ? await _orders.PrepareSettings(plan.Model.Digest, _id) : null;
        if (model is null && settings is null)
        {
            Say(_word with { Missing = $"the registry has lost {plan.Model.Name} {plan.Model.Version} ({plan.Model.Digest}): register it again, then resume" });
            return false;
        }
        var tell = (await PendingAsync(target)).ConvertAll(member => member.Device);
        var skipped = 0;
        if (tell.Count == 0)
        {
            var choice = await _pace.ChooseAsync(plan, model?.Bytes ?? settings!.Settings.Length);
            Say(_word with { Missing = null, Offline = choice.Pause, Waits = choice.Waits });
            (tell, skipped) = ([.. choice.Tell], choice.Skip.Count);
            if (skipped > 0) await _store.ChangeAsync(_id, choice.Skip, member => member with { State = RolloutDeviceState.Skipped, Reason = "it is away; the ring goes on without it" });
        }
        var told = tell.Count == 0 || !_mayAssign ? 0 : await _batch.AssignAsync(rollout, tell, target, () => _mayAssign, (desired, member, again) => model is null ? DeviceOrder.Give(desired, member.Device, settings, _id, again)
            : DeviceOrder.Give(desired, member.Device, model with { CompareWithPrevious = member.Compares && target == RolloutDeviceState.Assigned, Stage = target == RolloutDeviceState.Shadowing ? ModelStage.Shadow : ModelStage.Active }, again));
        if (told > 0) _signals.Mark([_id]);
        return told > 0 || skipped > 0;
    }

    private Task<List<RolloutMember>> PendingAsync(RolloutDeviceState state) => _store.MembersAsync(_id, Batch, "state = @state AND ordered = 0", new { state = state.ToString() });

    private async Task<bool> ReturnAsync(RolloutRow rollout)
    {
        var touched = await PendingAsync(RolloutDeviceState.RollingBack);
        if (touched.Count == 0) touched = await _store.MembersAsync(_id, Batch, "(state IN ('Assigned', 'Updating', 'Running', 'Failed', 'Shadowing') OR (state = 'Skipped' AND ordered > 0))");
        if (touched.Count == 0)
        {
            Say(_word with { Returned = true });
            return false;
        }
        foreach (var digest in touched.Select(member => member.Previous?.Digest).OfType<string>().Distinct())
            if (_models.GetValueOrDefault(digest) is null) _models[digest] = await _orders.Prepare(digest, _id);
        foreach (var digest in touched.Select(member => member.PreviousSettings).OfType<string>().Distinct())
            if (_settings.GetValueOrDefault(digest) is null) _settings[digest] = await _orders.PrepareSettings(digest, _id);
        var told = await _batch.ReturnAsync(rollout, touched.ConvertAll(member => member.Device),
            (desired, member) => rollout.IsModel ? DeviceOrder.TakeBack(desired, member, _models) : DeviceOrder.TakeBack(desired, member, _settings));
        _signals.Mark([_id]);
        return told > 0;
    }

    private void Say(OrderWord word)
    {
        if (_word == word) return;
        _word = word;
        _signals.Mark([_id]);
    }

    private static partial class Log
    {
        [LoggerMessage(3104, LogLevel.Warning, "Devices of rollout {Rollout} could not be told; it is tried again")]
        public static partial void OrdersFailed(ILogger logger, string rollout, Exception exception);
    }
}
