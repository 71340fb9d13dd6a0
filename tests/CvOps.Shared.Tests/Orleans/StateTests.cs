using CvOps.Testing;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Storage;

namespace CvOps.Shared.Tests.Orleans;

internal sealed record CounterState
{
    public int Count { get; set; }

    public List<string> Notes { get; set; } = [];
}

internal interface ICounterGrain : IGrainWithStringKey
{
    Task<int> Add(int count);

    Task Lose(int count);

    Task<int> Count();

    Task<bool> Exists();

    Task Clear();

    Task Reread();
}

internal sealed class CounterGrain([PersistentState("counter")] IPersistentState<CounterState> state) : Grain, ICounterGrain
{
    public async Task<int> Add(int count)
    {
        state.State.Count += count;
        await state.WriteStateAsync();
        return state.State.Count;
    }

    public Task Lose(int count)
    {
        state.State.Count += count;
        return Task.CompletedTask;
    }

    public Task<int> Count() => Task.FromResult(state.State.Count);

    public Task<bool> Exists() => Task.FromResult(state.RecordExists);

    public Task Clear() => state.ClearStateAsync();

    public Task Reread() => state.ReadStateAsync();
}

internal interface ITwoStatesGrain : IGrainWithStringKey
{
    Task<int> Write(int first, int second);

    Task<string> Read();

    Task Rival();
}

internal sealed class TwoStatesGrain(
    [PersistentState("first")] IPersistentState<CounterState> first,
    [PersistentState("second", "other")] IPersistentState<CounterState> second,
    IServiceProvider services) : Grain, ITwoStatesGrain
{
    public async Task<int> Write(int one, int two)
    {
        (first.State.Count, second.State.Count) = (one, two);
        await first.WriteStateAsync();
        await second.WriteStateAsync();
        return one + two;
    }

    public Task<string> Read() => Task.FromResult($"{first.State.Count} {second.State.Count}");

    public async Task Rival()
    {
        // The record as another process would change it.
        var rival = new PersistentState<CounterState>(GrainContext.GrainId, "first", StateStores.Find(services, null));
        await rival.ReadStateAsync();
        await rival.WriteStateAsync();
    }
}

public sealed class StateTests
{
    [Fact]
    public async Task Written_state_is_there_after_a_restart_and_unwritten_state_is_not()
    {
        using var folder = new TestFolder();
        await using (var silo = await TestSilo.Start(folder["grains.db"]))
        {
            Assert.False(await silo.Grain<ICounterGrain>().Exists());
            Assert.Equal(5, await silo.Grain<ICounterGrain>().Add(5));
            Assert.True(await silo.Grain<ICounterGrain>().Exists());
            await silo.Grain<ICounterGrain>().Lose(100);
        }

        await using var again = await TestSilo.Start(folder["grains.db"]);
        Assert.Equal(5, await again.Grain<ICounterGrain>().Count());
        Assert.Equal(0, await again.Grain<ICounterGrain>("two").Count());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cleared_state_is_new_and_can_be_written_again(bool sqlite)
    {
        using var folder = new TestFolder();
        await using var silo = await TestSilo.Start(sqlite ? folder["grains.db"] : null);
        var grain = silo.Grain<ICounterGrain>();
        await grain.Add(5);
        await grain.Clear();
        Assert.False(await grain.Exists());
        Assert.Equal(0, await grain.Count());
        Assert.Equal(2, await grain.Add(2));
        await grain.Reread();
        Assert.Equal(2, await grain.Count());
    }

    [Fact]
    public async Task Two_states_of_one_type_keep_apart_in_their_storages()
    {
        using var folder = new TestFolder();
        await using (var silo = await TestSilo.Start(folder["grains.db"], Other)) await silo.Grain<ITwoStatesGrain>().Write(1, 2);
        await using var again = await TestSilo.Start(folder["grains.db"], Other);
        Assert.Equal("1 2", await again.Grain<ITwoStatesGrain>().Read());

        void Other(ISiloBuilder silo) => silo.AddAdoNetGrainStorage("other", o =>
        {
            o.Invariant = "System.Data.SQLite";
            o.ConnectionString = $"Data Source={folder["other.db"]}";
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_write_on_a_stale_etag_is_refused_and_the_next_activation_sees_what_is_stored(bool sqlite)
    {
        using var folder = new TestFolder();
        await using var silo = await TestSilo.Start(sqlite ? folder["grains.db"] : null, builder => builder.AddMemoryGrainStorage("other"));
        var grain = silo.Grain<ITwoStatesGrain>();
        await grain.Write(1, 2);
        await grain.Rival();
        var refused = await Assert.ThrowsAsync<InconsistentStateException>(() => grain.Write(9, 9));
        Assert.Equal("1", refused.CurrentEtag);
        Assert.Equal("2", refused.StoredEtag);
        Assert.Equal("1 2", await grain.Read());
        Assert.Equal(11, await grain.Write(5, 6));
    }

    [Fact]
    public async Task A_state_that_cannot_be_stored_fails_the_call_with_the_reason()
    {
        using var folder = new TestFolder();
        await using var silo = await TestSilo.Start(folder["grains.db"], builder => builder.Services.AddSingleton<IGrainStorageSerializer, Broken>());
        var error = await Assert.ThrowsAsync<OrleansException>(() => silo.Grain<ICounterGrain>().Add(1));
        Assert.Contains("cannot write this", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_grains_writing_at_once_share_transactions_and_lose_nothing()
    {
        using var folder = new TestFolder();
        await using (var silo = await TestSilo.Start(folder["grains.db"]))
        {
            await Task.WhenAll(Enumerable.Range(0, 300).Select(async i =>
            {
                for (var n = 0; n < 3; n++) await silo.Grain<ICounterGrain>($"g{i}").Add(i);
            }));
        }

        await using var again = await TestSilo.Start(folder["grains.db"]);
        for (var i = 0; i < 300; i += 23) Assert.Equal(3 * i, await again.Grain<ICounterGrain>($"g{i}").Count());
    }

    private sealed class Broken : IGrainStorageSerializer
    {
        public BinaryData Serialize<T>(T? input) => throw new InvalidOperationException("cannot write this");

        public T? Deserialize<T>(BinaryData input) => throw new InvalidOperationException("cannot read this");
    }
}
