using System.Runtime.CompilerServices;
using Orleans.Runtime;

namespace Orleans.Storage;

internal sealed class PersistentState<T>(GrainId grain, string name, StateStore store) : IPersistentState<T>
{
    public T State { get; set; } = New();

    public string? Etag { get; private set; }

    public bool RecordExists { get; private set; }

    public Task ReadStateAsync() => ReadStateAsync(CancellationToken.None);

    public Task WriteStateAsync() => WriteStateAsync(CancellationToken.None);

    public Task ClearStateAsync() => ClearStateAsync(CancellationToken.None);

    public Task ReadStateAsync(CancellationToken cancellationToken) => Guard("ReadState", async () =>
    {
        var stored = await store.Table.Read(grain, name, cancellationToken);
        State = stored.Payload is null ? New() : store.Serializer.Deserialize<T>(new BinaryData(stored.Payload)) ?? New();
        (Etag, RecordExists) = (stored.Etag, stored.Payload is not null);
    });

    public Task WriteStateAsync(CancellationToken cancellationToken) => Guard("WriteState", async () =>
    {
        // Serialized here, in the turn: what is stored is the state as it was at this call.
        var payload = store.Serializer.Serialize(State).ToArray();
        Etag = await store.Table.Write(grain, name, payload, Etag, cancellationToken);
        RecordExists = true;
    });

    public Task ClearStateAsync(CancellationToken cancellationToken) => Guard("ClearState", async () =>
    {
        var etag = await store.Table.Write(grain, name, null, Etag, cancellationToken);
        (Etag, RecordExists, State) = (etag.Length == 0 ? null : etag, false, New());
    });

    private async Task Guard(string operation, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is not OrleansException and not OperationCanceledException)
        {
            throw new OrleansException($"Error from storage provider \"{store.Name}\" during {operation} of \"{name}\" of {grain}: {e.Message}", e);
        }
    }

    private static T New() => typeof(T).IsValueType ? default!
        : typeof(T).GetConstructor(Type.EmptyTypes) is null ? (T)RuntimeHelpers.GetUninitializedObject(typeof(T))
        : Activator.CreateInstance<T>();
}
