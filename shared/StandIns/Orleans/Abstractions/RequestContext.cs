namespace Orleans.Runtime;

/// <summary>Values that go along with every call made from here, and with those that are made of it. They never come back.</summary>
public static class RequestContext
{
    public const string CALL_CHAIN_REENTRANCY_HEADER = "#RC_CCR";

    private static readonly AsyncLocal<Dictionary<string, object>?> Flowing = new();

    public static Guid ReentrancyId
    {
        get => Get(CALL_CHAIN_REENTRANCY_HEADER) is Guid id ? id : Guid.Empty;
        set
        {
            if (value == Guid.Empty) Remove(CALL_CHAIN_REENTRANCY_HEADER);
            else Set(CALL_CHAIN_REENTRANCY_HEADER, value);
        }
    }

    public static IEnumerable<string> Keys => Flowing.Value?.Keys ?? Enumerable.Empty<string>();

    public static IEnumerable<KeyValuePair<string, object>> Entries => Flowing.Value ?? Enumerable.Empty<KeyValuePair<string, object>>();

    /// <summary>What flows here, never changed in place: a call in progress has what was there when it was made.</summary>
    internal static Dictionary<string, object>? Values
    {
        get => Flowing.Value;
        set
        {
            if (!ReferenceEquals(Flowing.Value, value)) Flowing.Value = value;
        }
    }

    /// <summary>Until the section is disposed, grains called from this turn may call back into this grain, however deep in the chain, without waiting for it.</summary>
    public static ReentrancySection AllowCallChainReentrancy() => new(ReentrancyId, ReentrancyId is var id && id == Guid.Empty ? Guid.NewGuid() : id);

    public static ReentrancySection SuppressCallChainReentrancy() => new(ReentrancyId, Guid.Empty);

    public static object? Get(string key) => Flowing.Value?.GetValueOrDefault(key);

    public static void Set(string key, object value) => Flowing.Value = new(Flowing.Value ?? []) { [key] = value };

    public static bool Remove(string key)
    {
        if (Flowing.Value is not { } values || !values.ContainsKey(key)) return false;
        Flowing.Value = values.Count == 1 ? null : new(values.Where(pair => pair.Key != key));
        return true;
    }

    public static void Clear() => Flowing.Value = null;

    public readonly struct ReentrancySection : IDisposable
    {
        private readonly Guid _before;
        private readonly Guid _now;

        public ReentrancySection(Guid originalReentrancyId, Guid newReentrancyId)
        {
            (_before, _now) = (originalReentrancyId, newReentrancyId);
            if (_now != _before) ReentrancyId = _now;
            if (_now != Guid.Empty) Activation.Current?.Enter(_now);
        }

        public void Dispose()
        {
            if (_now != Guid.Empty) Activation.Current?.Leave(_now);
            if (_now != _before) ReentrancyId = _before;
        }
    }
}
