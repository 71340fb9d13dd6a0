using System.Text;
using System.Text.Json;
using Microsoft.Azure.Devices.Shared;

namespace Microsoft.Azure.Devices.Client;

/// <param name="userContext">What was given along with the handler.</param>
public delegate Task<MethodResponse> MethodCallback(MethodRequest methodRequest, object? userContext);

/// <param name="desiredProperties">What changed, null for what was removed, and the hub's new version.</param>
public delegate Task DesiredPropertyUpdateCallback(TwinCollection desiredProperties, object? userContext);

public enum MethodResponseStatusCode
{
    BadRequest = 400,

    /// <summary>The handler threw.</summary>
    UserCodeException = 500,

    MethodNotImplemented = 501,
}

public sealed class MethodRequest(string name, byte[]? data)
{
    public MethodRequest(string name)
        : this(name, null)
    {
    }

    public string Name { get; } = name;

    /// <summary>JSON.</summary>
    public byte[]? Data { get; } = data;

    public string? DataAsJson => Data is not { Length: > 0 } ? null : Encoding.UTF8.GetString(Data);
}

public sealed class MethodResponse
{
    /// <param name="result">JSON.</param>
    /// <exception cref="JsonException">It is not.</exception>
    public MethodResponse(byte[]? result, int status)
        : this(status)
    {
        if (result is { Length: > 0 }) JsonDocument.Parse(result).Dispose();
        Result = result;
    }

    public MethodResponse(int status) => Status = status;

    public byte[]? Result { get; }

    public string? ResultAsJson => Result is not { Length: > 0 } ? null : Encoding.UTF8.GetString(Result);

    public int Status { get; }
}
