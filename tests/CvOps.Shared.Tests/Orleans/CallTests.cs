using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Concurrency;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Serialization;

namespace CvOps.Shared.Tests.Orleans;

[GenerateSerializer]
internal sealed class Marked
{
    [Id(0)]
    public List<int> Numbers { get; set; } = [];

    public string? NotMarked { get; set; }
}

internal sealed record JsonRecord
{
    public required string Name { get; init; }

    public required List<int> Numbers { get; init; }

    public JsonRecord? Inner { get; init; }
}

internal sealed class Unmarked
{
    public List<int> Numbers { get; set; } = [];
}

[Immutable]
internal sealed class Promised
{
    public List<int> Numbers { get; set; } = [];
}

internal sealed class PlantException(string message, int code) : Exception(message)
{
    public int Code { get; } = code;
}

internal interface ICallGrain : IGrainWithStringKey
{
    Task<Marked> Keep(Marked value);

    Task<JsonRecord> KeepJson(JsonRecord value);

    Task<Dictionary<string, List<JsonRecord>>> KeepMany(Dictionary<string, List<JsonRecord>> value);

    Task<byte[]> KeepBytes(byte[] value);

    Task<bool> IsSame(Promised value, int hash);

    Task<bool> IsSameWrapped(Immutable<Marked> value, int hash);

    Task<int> KeptCount();

    Task Throw(int code);

    Task<string> Call(ICallGrain other);

    Task<string> Key();

    Task Forever(CancellationToken cancellationToken);

    [ResponseTimeout("00:00:00.300")]
    Task Late(Gate gate);

    [OneWay]
    Task Notify(Gate gate);
}

internal sealed class CallGrain : Grain, ICallGrain
{
    private readonly List<int> _kept = [];
    private Marked? _marked;

    public Task<Marked> Keep(Marked value)
    {
        _marked = value;
        return Task.FromResult(value);
    }

    public Task<JsonRecord> KeepJson(JsonRecord value)
    {
        value.Numbers.Add(99);
        return Task.FromResult(value);
    }

    public Task<Dictionary<string, List<JsonRecord>>> KeepMany(Dictionary<string, List<JsonRecord>> value)
    {
        value["a"][0].Numbers.Clear();
        return Task.FromResult(value);
    }

    public Task<byte[]> KeepBytes(byte[] value)
    {
        value[0]++;
        return Task.FromResult(value);
    }

    public Task<bool> IsSame(Promised value, int hash) => Task.FromResult(value.GetHashCode() == hash);

    public Task<bool> IsSameWrapped(Immutable<Marked> value, int hash) => Task.FromResult(value.Value.GetHashCode() == hash);

    public Task<int> KeptCount() => Task.FromResult(_marked!.Numbers.Count + _kept.Count);

    public Task Throw(int code) => throw new PlantException("boiler", code);

    public Task<string> Call(ICallGrain other) => other.Key();

    public Task<string> Key() => Task.FromResult(this.GetPrimaryKeyString());

    public Task Forever(CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

    public Task Late(Gate gate) => gate.Until;

    public Task Notify(Gate gate)
    {
        gate.Entered.SetResult();
        throw new PlantException("nobody hears", 0);
    }
}

internal interface IRefusedGrain : IGrainWithStringKey
{
    Task Take(Unmarked value);
}

internal sealed class RefusedGrain : Grain, IRefusedGrain
{
    public Task Take(Unmarked value) => Task.CompletedTask;
}

internal interface INobodyGrain : IGrainWithStringKey
{
    Task Hello();
}

public sealed class CallTests
{
    [Fact]
    public async Task Neither_side_sees_the_other_change_an_argument_or_a_result()
    {
        await using var silo = await TestSilo.Start();
        var grain = silo.Grain<ICallGrain>();
        var mine = new Marked { Numbers = [1], NotMarked = "left behind" };
        var back = await grain.Keep(mine);
        Assert.NotSame(mine, back);
        Assert.Null(back.NotMarked);
        mine.Numbers.Add(2);
        back.Numbers.Add(3);
        back.Numbers.Add(4);
        Assert.Equal(1, await grain.KeptCount());
    }

    [Fact]
    public async Task Records_with_required_members_cross_as_json_and_collections_of_them_too()
    {
        await using var silo = await TestSilo.Start();
        var grain = silo.Grain<ICallGrain>();
        var mine = new JsonRecord { Name = "n", Numbers = [1], Inner = new() { Name = "i", Numbers = [2] } };
        var back = await grain.KeepJson(mine);
        Assert.Equal([1, 99], back.Numbers);
        Assert.Equal([1], mine.Numbers);
        Assert.Equal("i", back.Inner!.Name);
        var many = await grain.KeepMany(new() { ["a"] = [mine] });
        Assert.Empty(many["a"][0].Numbers);
        Assert.Equal([1], mine.Numbers);
        byte[] bytes = [1, 2];
        Assert.Equal([2, 2], await grain.KeepBytes(bytes));
        Assert.Equal([1, 2], bytes);
    }

    [Fact]
    public async Task Immutable_values_cross_without_a_copy()
    {
        await using var silo = await TestSilo.Start();
        var promised = new Promised();
        Assert.True(await silo.Grain<ICallGrain>().IsSame(promised, promised.GetHashCode()));
        var marked = new Marked();
        Assert.True(await silo.Grain<ICallGrain>().IsSameWrapped(marked.AsImmutable(), marked.GetHashCode()));
    }

    [Fact]
    public async Task A_type_that_the_published_package_would_refuse_is_refused()
    {
        await using var silo = await TestSilo.Start();
        var refused = Assert.Throws<CodecNotFoundException>(() => silo.Grain<IRefusedGrain>());
        Assert.Contains(nameof(Unmarked), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exception_reaches_the_caller_as_what_it_was()
    {
        await using var silo = await TestSilo.Start();
        var error = await Assert.ThrowsAsync<PlantException>(() => silo.Grain<ICallGrain>().Throw(42));
        Assert.Equal(42, error.Code);
        Assert.Equal("boiler", error.Message);
        Assert.Equal("one", await silo.Grain<ICallGrain>().Key());
    }

    [Fact]
    public async Task References_travel_and_are_equal_by_what_they_refer_to()
    {
        await using var silo = await TestSilo.Start();
        Assert.Equal("b", await silo.Grain<ICallGrain>("a").Call(silo.Grain<ICallGrain>("b")));
        Assert.Equal(silo.Grain<ICallGrain>("a"), silo.Grain<ICallGrain>("a"));
        Assert.NotEqual(silo.Grain<ICallGrain>("a"), silo.Grain<ICallGrain>("b"));
        Assert.Equal("call/a", silo.Grain<ICallGrain>("a").GetGrainId().ToString());
    }

    [Fact]
    public async Task Cancelling_ends_the_call_on_both_sides()
    {
        await using var silo = await TestSilo.Start();
        using var cancel = new CancellationTokenSource();
        var call = silo.Grain<ICallGrain>().Forever(cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal("one", await silo.Grain<ICallGrain>().Key().WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_answer_that_does_not_come_is_a_timeout()
    {
        await using var silo = await TestSilo.Start();
        var release = new TaskCompletionSource();
        await Assert.ThrowsAsync<TimeoutException>(() => silo.Grain<ICallGrain>().Late(new Gate(new(), release.Task)));
        release.SetResult();
    }

    [Fact]
    public async Task A_one_way_call_is_delivered_and_its_failure_reaches_nobody()
    {
        await using var silo = await TestSilo.Start();
        var gate = new Gate(new(TaskCreationOptions.RunContinuationsAsynchronously), Task.CompletedTask);
        // More than once: what the method does may come before or after the caller looks.
        for (var i = 0; i < 50; i++) await silo.Grain<ICallGrain>().Notify(new Gate(new(), Task.CompletedTask));
        await silo.Grain<ICallGrain>().Notify(gate);
        await gate.Entered.Task.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_filter_sees_the_call_and_may_change_its_result()
    {
        await using var silo = await TestSilo.Start(configure: builder => builder.AddIncomingGrainCallFilter(async context =>
        {
            await context.Invoke();
            if (context.MethodName == nameof(ICallGrain.Key)) context.Result = $"{context.TargetId}: {context.Result}";
        }));
        Assert.Equal("call/one: one", await silo.Grain<ICallGrain>().Key());
        await Assert.ThrowsAsync<PlantException>(() => silo.Grain<ICallGrain>().Throw(1));
    }

    [Fact]
    public async Task An_interface_without_a_grain_is_an_error_at_once()
    {
        await using var silo = await TestSilo.Start();
        Assert.Throws<ArgumentException>(() => silo.Grain<INobodyGrain>());
    }

    [Fact]
    public async Task Asking_for_a_cluster_or_another_database_is_an_error_that_names_the_switch()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo => silo.UseAdoNetClustering(o => o.Invariant = "Npgsql"));
        using var host = builder.Build();
        var error = await Assert.ThrowsAsync<OrleansConfigurationException>(() => host.StartAsync(TestContext.Current.CancellationToken));
        Assert.Contains("PublishedPackages=true", error.Message, StringComparison.Ordinal);

        var postgres = await Assert.ThrowsAsync<OrleansConfigurationException>(() => TestSilo.Start(configure: silo => silo.AddAdoNetGrainStorage("pg", o =>
        {
            o.Invariant = "Npgsql";
            o.ConnectionString = "Host=nowhere";
        })));
        Assert.Contains("PublishedPackages=true", postgres.Message, StringComparison.Ordinal);
    }
}
