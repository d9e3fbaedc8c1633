# Logistic regression by gradient descent, one point after the other.
#
#     awk -v seed=1 -v rates=rates.csv -f logistic_tuned.awk

BEGIN {
    FS = ","; while ((getline < rates) > 0) rate[$1] = $2
    srand(42)
    for (i = 1; i <= 500; i++) {
        x[i] = 2 * rand() - 1; y[i] = 2 * rand() - 1
        label[i] = (x[i] - 2 * y[i] + 0.3 + 0.6 * (rand() - 0.5) > 0)
    }
    srand(seed + 1)
    a = rand() - 0.5; b = rand() - 0.5; c = 0
    for (epoch = 1; epoch <= 4; epoch++) {
        for (n = 1; n <= 50; n++) {
            update++
            lr = rate[update]
            i = 1 + int(400 * rand())  # of the first 400; the others are the test
            error = 1 / (1 + exp(-(a * x[i] + b * y[i] + c))) - label[i]
            a -= lr * error * x[i]; b -= lr * error * y[i]; c -= lr * error
            printf "update %d lr %.17g\n", update, lr
        }
        loss = 0
        for (i = 401; i <= 500; i++) {
            p = 1 / (1 + exp(-(a * x[i] + b * y[i] + c)))
            loss -= log(label[i] ? p : 1 - p) / 100
        }
        printf "epoch %d test loss %.5f\n", epoch, loss; fflush()
    }
}
