using System.Diagnostics;
using System.Diagnostics.Metrics;
using CvOps.Testing;
using Orleans;
using Orleans.Concurrency;
using Orleans.Diagnostics;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Serialization.Invocation;

namespace CvOps.Shared.Tests.Orleans;

public interface IChainGrain : IGrainWithStringKey
{
    Task<string?> Read(string key);

    Task<string?> ReadThrough(string other, string key);

    Task<int> ThereAndBack(string other, bool allowed);

    Task<int> Back(string origin);

    Task<int> Answer();

    Task Hold(string until);

    Task<string> Peek(string what);

    Task Release();
}

/// <summary>Calls named Release, and Peek of "free", start while another waits; the rest take turns.</summary>
[MayInterleave(nameof(MayInterleave))]
public sealed class ChainGrain : Grain, IChainGrain
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static bool MayInterleave(IInvokable call) => call.GetMethodName() == nameof(IChainGrain.Release) || (call.GetMethodName() == nameof(IChainGrain.Peek) && (string)call.GetArgument(0)! == "free");

    public Task<string?> Read(string key) => Task.FromResult(RequestContext.Get(key) as string);

    public Task<string?> ReadThrough(string other, string key) => GrainFactory.GetGrain<IChainGrain>(other).Read(key);

    public async Task<int> ThereAndBack(string other, bool allowed)
    {
        using var section = allowed ? RequestContext.AllowCallChainReentrancy() : RequestContext.SuppressCallChainReentrancy();
        return await GrainFactory.GetGrain<IChainGrain>(other).Back(this.GetPrimaryKeyString());
    }

    public Task<int> Back(string origin) => GrainFactory.GetGrain<IChainGrain>(origin).Answer();

    public Task<int> Answer() => Task.FromResult(42);

    public Task Hold(string until) => _released.Task;

    public Task<string> Peek(string what) => Task.FromResult(what);

    public Task Release()
    {
        _released.TrySetResult();
        return Task.CompletedTask;
    }
}

/// <summary>What goes along a chain of calls, and what may come back along it.</summary>
public sealed class ChainTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Values_go_along_with_calls_and_those_made_of_them_and_never_come_back_or_reach_others()
    {
        await using var silo = await TestSilo.Start();
        RequestContext.Set("who", "ann");
        Assert.Equal("ann", await silo.Grain<IChainGrain>("a").ReadThrough("b", "who"));
        Assert.Equal("ann", RequestContext.Get("who"));
        RequestContext.Clear();
        Assert.Null(await silo.Grain<IChainGrain>("b").Read("who"));
    }

    [Fact]
    public async Task A_chain_that_was_allowed_to_comes_back_to_a_busy_grain_and_another_one_is_a_deadlock()
    {
        await using var silo = await TestSilo.Start();
        Assert.Equal(42, await silo.Grain<IChainGrain>("a").ThereAndBack("b", allowed: true).WaitAsync(Patience, TestContext.Current.CancellationToken));
        var refused = await Assert.ThrowsAsync<TimeoutException>(() => silo.Grain<IChainGrain>("c").ThereAndBack("d", allowed: false).WaitAsync(Patience, TestContext.Current.CancellationToken));
        Assert.Contains("Deadlock", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_predicate_says_which_calls_start_between_the_awaits_of_others()
    {
        await using var silo = await TestSilo.Start();
        var grain = silo.Grain<IChainGrain>();
        var held = grain.Hold("released");
        Assert.Equal("free", await grain.Peek("free").WaitAsync(Patience, TestContext.Current.CancellationToken));
        var waits = grain.Peek("bound");
        Assert.Equal("free", await grain.Peek("free").WaitAsync(Patience, TestContext.Current.CancellationToken));
        Assert.False(waits.IsCompleted);
        await grain.Release();
        await held.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal("bound", await waits.WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_outgoing_filter_sees_calls_with_their_source_and_may_change_the_result()
    {
        var seen = new List<string>();
        await using var silo = await TestSilo.Start(configure: builder => builder.AddOutgoingGrainCallFilter(async call =>
        {
            lock (seen) seen.Add($"{call.SourceId?.ToString() ?? "outside"} -> {call.TargetId} {call.MethodName}");
            await call.Invoke();
            if (call.MethodName == nameof(IChainGrain.Answer)) call.Result = (int)call.Result! + 1;
        }));

        Assert.Equal(43, await silo.Grain<IChainGrain>("a").Back("b"));
        Assert.Equal(["outside -> chain/a Back", "chain/a -> chain/b Answer"], seen);
    }

    [Fact]
    public async Task Calls_are_spans_at_caller_and_grain_one_under_the_other_across_a_chain()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == ActivitySources.ApplicationGrainActivitySourceName, Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                lock (spans) spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using var silo = await TestSilo.Start(configure: builder => builder.AddActivityPropagation());
        using var root = new Activity("test").Start();

        await silo.Grain<IChainGrain>("a").Back("b");

        Activity[] mine;
        lock (spans) mine = [.. spans.Where(span => span.TraceId == root.TraceId)];
        var ordered = new List<Activity>();
        for (var parent = root.SpanId; mine.FirstOrDefault(span => span.ParentSpanId == parent) is { } next; parent = next.SpanId) ordered.Add(next);
        Assert.Equal(["IChainGrain/Back Client", "IChainGrain/Back Server", "IChainGrain/Answer Client", "IChainGrain/Answer Server"], ordered.Select(span => $"{span.DisplayName} {span.Kind}"));
        Assert.Equal("chain/b", ordered[^1].GetTagItem("rpc.orleans.target_id"));
    }

    [Fact]
    public async Task The_silo_counts_calls_and_activations_under_the_originals_names()
    {
        var seen = new Dictionary<string, long>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => { if (instrument.Meter.Name == "Microsoft.Orleans") self.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Add(instrument.Name, value));
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => Add(instrument.Name, value));
        listener.Start();
        await using var silo = await TestSilo.Start();

        for (var call = 0; call < 5; call++) await silo.Grain<IChainGrain>("a").Answer();
        listener.RecordObservableInstruments();

        // Other tests' silos may add to them.
        Assert.InRange(Seen("orleans-catalog-activation-created"), 1, long.MaxValue);
        Assert.InRange(Seen("orleans-catalog-activations"), 1, long.MaxValue);
        Assert.InRange(Seen("orleans-app-requests-latency-count"), 5, long.MaxValue);
        Assert.InRange(Seen("orleans-app-requests-latency-bucket"), 5, long.MaxValue);

        long Seen(string name)
        {
            lock (seen) return seen.GetValueOrDefault(name);
        }

        void Add(string name, long value)
        {
            lock (seen) seen[name] = seen.GetValueOrDefault(name) + value;
        }
    }

    [Fact]
    public async Task A_cancelled_call_ends_at_its_caller_and_its_token_reaches_the_grain()
    {
        await using var silo = await TestSilo.Start();
        using var source = new CancellationTokenSource();
        var call = silo.Grain<ITokenGrain>().Wait(source.Token);
        await Eventually.Async(() => silo.Grain<ITokenGrain>().HasBegun(), Patience, () => "the call has not begun", TestContext.Current.CancellationToken);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Patience, TestContext.Current.CancellationToken));
        Assert.True(await silo.Grain<ITokenGrain>().WasCancelled().WaitAsync(Patience, TestContext.Current.CancellationToken));
    }
}

public interface ITokenGrain : IGrainWithStringKey
{
    Task Wait(CancellationToken cancel);

    [AlwaysInterleave]
    Task<bool> HasBegun();

    Task<bool> WasCancelled();
}

public sealed class TokenGrain : Grain, ITokenGrain
{
    private bool _begun;
    private bool _cancelled;

    public async Task Wait(CancellationToken cancel)
    {
        _begun = true;
        try
        {
            await Task.Delay(Timeout.Infinite, cancel);
        }
        catch (OperationCanceledException)
        {
            _cancelled = true;
            throw;
        }
    }

    public Task<bool> HasBegun() => Task.FromResult(_begun);

    public Task<bool> WasCancelled() => Task.FromResult(_cancelled);
}
