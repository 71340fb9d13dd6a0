namespace Microsoft.Azure.Devices.Client;

public interface IRetryPolicy
{
    bool ShouldRetry(int currentRetryCount, Exception lastException, out TimeSpan retryInterval);
}

/// <summary>The caller connects again itself.</summary>
public class NoRetry : IRetryPolicy
{
    public bool ShouldRetry(int currentRetryCount, Exception lastException, out TimeSpan retryInterval)
    {
        retryInterval = TimeSpan.Zero;
        return false;
    }
}
