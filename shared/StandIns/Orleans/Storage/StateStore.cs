using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Orleans.Storage;

/// <param name="Etag">Null: there is no record.</param>
/// <param name="Payload">Null: the record was cleared.</param>
internal readonly record struct StoredState(string? Etag, byte[]? Payload);

/// <summary>Where the bytes of states are: in memory or in SQLite.</summary>
internal interface IStateTable
{
    Task<StoredState> Read(GrainId grain, string stateName, CancellationToken cancel);

    /// <param name="payload">Null clears the record.</param>
    /// <param name="etag">Of the record to replace; null = there must be none.</param>
    /// <returns>The new etag; empty if there is no record any more.</returns>
    /// <exception cref="InconsistentStateException">Another etag is stored.</exception>
    Task<string> Write(GrainId grain, string stateName, byte[]? payload, string? etag, CancellationToken cancel);
}

/// <summary>A named storage.</summary>
internal sealed record StateStore(string Name, IStateTable Table, IGrainStorageSerializer Serializer);

internal static class StateStores
{
    public const string Default = "Default";

    public static void AddStateStore(this IServiceCollection services, string name, Func<IServiceProvider, StateStore> make)
    {
        services.AddKeyedSingleton(name, (provider, _) => make(provider));
        services.AddSingleton(provider => provider.GetRequiredKeyedService<StateStore>(name));
    }

    /// <exception cref="OrleansConfigurationException">No such storage is configured.</exception>
    public static StateStore Find(IServiceProvider services, string? name) =>
        services.GetKeyedService<StateStore>(name ?? Default) ?? throw new OrleansConfigurationException(name is null
            ? "No default storage provider found loading grain type. Call AddAdoNetGrainStorageAsDefault or AddMemoryGrainStorageAsDefault."
            : $"No storage provider named \"{name}\" found loading grain type.");
}

internal sealed class MemoryStateTable : IStateTable
{
    private readonly ConcurrentDictionary<(GrainId, string), (long Version, byte[]? Payload)> _records = new();

    public Task<StoredState> Read(GrainId grain, string stateName, CancellationToken cancel) => Task.FromResult(
        _records.TryGetValue((grain, stateName), out var found) ? new StoredState(Text(found.Version), found.Payload) : default);

    public Task<string> Write(GrainId grain, string stateName, byte[]? payload, string? etag, CancellationToken cancel)
    {
        var key = (grain, stateName);
        if (payload is null && _records.TryGetValue(key, out var old) && etag == Text(old.Version) && _records.TryRemove(new(key, old)))
            return Task.FromResult("");
        var stored = _records.TryGetValue(key, out var found);
        var next = found.Version + 1;
        var current = stored ? Text(found.Version) : null;
        if (etag == current && (stored ? _records.TryUpdate(key, (next, payload), found) : _records.TryAdd(key, (next, payload))))
            return Task.FromResult(Text(next));
        return Task.FromException<string>(new InconsistentStateException(
            $"State \"{stateName}\" of {grain} was changed by somebody else: expected etag {etag ?? "none"}, stored {current ?? "none"}.", current, etag));
    }

    private static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The serializer used when the host registers none: JSON with the property names as written.</summary>
internal sealed class JsonStateSerializer : IGrainStorageSerializer
{
    private readonly JsonSerializerOptions _options = new() { IncludeFields = true };

    public BinaryData Serialize<T>(T? input) => new(JsonSerializer.SerializeToUtf8Bytes(input, _options));

    public T? Deserialize<T>(BinaryData input) => JsonSerializer.Deserialize<T>(input.ToMemory().Span, _options);
}
