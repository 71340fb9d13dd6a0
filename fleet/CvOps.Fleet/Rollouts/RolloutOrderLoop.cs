using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Rollouts.Planning;

namespace CvOps.Fleet.Rollouts;

/// <summary>
/// Tells the devices of one rollout what to take and what to take back, a batch at a time: chosen in one transaction, told side by side, noted in another.
/// What was chosen and not noted is told again after a crash, which changes nothing where it was told already. Returns wait for the batch that is out.
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
    private readonly RingPace _pace;
    private readonly RolloutSignals _signals;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _ends = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly Dictionary<string, DesiredModel?> _prepared = [];
    private volatile OrderPlan? _plan;
    private volatile OrderWord _word = OrderWord.None;
    private volatile bool _mayAssign;
    private volatile int _ending;
    private readonly Task _runs;
    private long _looked;

    public RolloutOrderLoop(string id, RolloutStore store, DeviceOrders orders, ShiftStore shifts, RolloutSignals signals, TimeProvider time, ILogger log)
    {
        (_id, _store, _orders, _signals, _time, _log) = (id, store, orders, signals, time, log);
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
        _mayAssign = RolloutMachine.MayAssign(plan.State) || plan.State == RolloutState.Soaking;
        if (news || _time.GetElapsedTime(Volatile.Read(ref _looked)) > LookEvery) Wake();
    }

    public void Hold() => _mayAssign = false;

    public bool ComparisonsEnded()
    {
        if (_ending == 2) return true;
        _ending = 1;
        Wake();
        return false;
    }

    /// <summary>Returns when the batch that is out has ended.</summary>
    public async ValueTask DisposeAsync()
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
        if (_plan is not { } plan) return false;
        switch (plan.State)
        {
            case RolloutState.Shadowing or RolloutState.Canary or RolloutState.Advancing: return await AssignAsync(plan);
            case RolloutState.Soaking when _ending == 1:
                if (await ComparisonEnd.BatchAsync(_id, _store, _orders)) return true;
                _ending = 2;
                _signals.Mark([_id]);
                return false;
            case RolloutState.Soaking: return await AssignAsync(plan);
            case RolloutState.Stopping: return await ReturnAsync();
            default: return false;
        }
    }

    private async Task<bool> AssignAsync(OrderPlan plan)
    {
        var target = plan.State == RolloutState.Shadowing ? RolloutDeviceState.Shadowing : RolloutDeviceState.Assigned;
        var model = plan.Plan.Model is null ? null : await _orders.Prepare(plan.Model.Digest, _id);
        var settings = plan.Plan.Model is null ? await _orders.PrepareSettings(plan.Model.Digest, _id) : null;
        if (model is null && settings is null)
        {
            Say(_word with { Missing = $"the registry has lost {plan.Model.Name} {plan.Model.Version} ({plan.Model.Digest}): register it again, then resume" });
            return false;
        }
        var pending = await PendingAsync(target);
        if (pending.Count == 0)
        {
            var choice = await _pace.ChooseAsync(plan, model?.Bytes ?? settings!.Settings.Length);
            Say(_word with { Missing = null, Offline = choice.Pause, Waits = choice.Waits });
            if (choice.Skip.Count > 0) await _store.ChangeAsync(_id, choice.Skip, member => member with { State = RolloutDeviceState.Skipped, Reason = "it is away; the ring goes on without it" });
            if (choice.Tell.Count == 0 || !_mayAssign || await _store.AssignAsync(_id, choice.Tell, target) == 0) return choice.Skip.Count > 0;
            pending = await PendingAsync(target);
        }
        var told = await Task.WhenAll(pending.Select(member => !_mayAssign ? null
            : model is null ? _orders.Give(member.Device, settings, _id) : GiveAsync(member, model with { CompareWithPrevious = member.Compares && target == RolloutDeviceState.Assigned, Stage = target == RolloutDeviceState.Shadowing ? ModelStage.Shadow : ModelStage.Active })).OfType<Task<Order>>());
        await NoteAsync(told, plan, RolloutDeviceState.Failed);
        return told.Length > 0;
    }

    private Task<Order> GiveAsync(RolloutMember member, DesiredModel model) => _orders.Give(member.Device, model);

    private Task<List<RolloutMember>> PendingAsync(RolloutDeviceState state) => _store.MembersAsync(_id, Batch, "state = @state AND ordered = 0", new { state = state.ToString() });

    private async Task<bool> ReturnAsync()
    {
        var pending = await PendingAsync(RolloutDeviceState.RollingBack);
        if (pending.Count == 0)
        {
            var touched = await _store.MembersAsync(_id, Batch, "state IN ('Assigned', 'Updating', 'Running', 'Failed', 'Shadowing')");
            if (touched.Count == 0)
            {
                Say(_word with { Returned = true });
                return false;
            }
            await _store.ChangeAsync(_id, touched.ConvertAll(member => member.Device), member => member with { State = RolloutDeviceState.RollingBack, Ordered = 0, Reason = null });
            pending = await PendingAsync(RolloutDeviceState.RollingBack);
        }
        await NoteAsync(await Task.WhenAll(pending.Select(member => _plan!.Plan.Model is null ? _orders.TakeBackSettings(member, _id) : _orders.TakeBack(member, _id, PreviousAsync))), _plan!, RolloutDeviceState.RolledBack);
        return true;
    }

    private async Task<DesiredModel?> PreviousAsync(string digest)
    {
        lock (_prepared)
        {
            if (_prepared.TryGetValue(digest, out var known)) return known;
        }
        var model = await _orders.Prepare(digest, _id);
        lock (_prepared) return _prepared[digest] = model;
    }

    /// <param name="settled">State of a device that was told nothing.</param>
    private async Task NoteAsync(IReadOnlyList<Order> told, OrderPlan plan, RolloutDeviceState settled)
    {
        var without = told.Where(order => order.Version is null).ToDictionary(order => order.Device, order => order.Settled);
        if (without.Count > 0) await _store.ChangeAsync(_id, [.. without.Keys], member => member with { State = settled, Reason = without[member.Device] });
        await _store.OrderedAsync(_id, [.. told.Where(order => order.Version is not null).Select(order => (order.Device, order.Version!.Value))], plan.Plan.Model is not null, plan.Plan.Payload);
        _signals.Mark([_id]);
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
